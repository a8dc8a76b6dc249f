"""The sentences in English on Slack, and on connections and clocks."""

from __future__ import annotations

SERVER_PARTS = {
    "slack.reach": "Slack, connection",
    "slack.address": "Slack, address",
    "slack.clock": "Clock against Slack's",
    "slack.token": "Slack, bot token",
    "slack.scopes": "Slack, scopes",
    "slack.home": "Slack, Home tab",
    "slack.names": "Slack, names",
    "slack.membership": "Slack, channels",
    "slack.allow_channels": "allow_channels",
    "slack.document_channels": "Channels of documents",
    "slack.allow_users": "allow_users",
    "slack.secret": "Signing secret",
    "openai.reach": "OpenAI, connection",
    "openai.address": "OpenAI, address",
    "openai.clock": "Clock against OpenAI's",
    "openai.key": "OpenAI, key",
    "openai.model": "OpenAI, model",
    "openai.speech": "OpenAI, speech",
    "openai.credit": "OpenAI, credit",
    "public": "Public address",
    "public.certificate": "Certificate",
}

_COPY_IT = (
    "https://api.slack.com/apps, your app, OAuth & Permissions: copy the Bot User OAuth Token (xoxb-…)\n"
    "into [slack] bot_token in {file}, then: {reload}"
)
_REINSTALL = (
    "https://api.slack.com/apps, your app, Install App, Reinstall to Workspace (or Install to …);\n"
    "copy the Bot User OAuth Token into [slack] bot_token in {file}, then: {reload}"
)
_SCOPE = (
    "https://api.slack.com/apps, your app, OAuth & Permissions, Bot Token Scopes, Add an OAuth Scope: {scope};\n"
    "then Reinstall to Workspace (the token stays the same)."
)
_MANIFEST = (
    "\nThe command and the entries of the message menu themselves: App Manifest; paste what\n"
    "cocoai manifest --url https://HOST prints."
)
_HOME = (
    "https://api.slack.com/apps, your app, App Home, Show Tabs: switch the Home Tab on;\n"
    "then Event Subscriptions, Subscribe to bot events: app_home_opened, Save Changes."
)
_API_URL = "[slack] api_url = https://slack.com/api/ in {file} (that is the default), then: {reload}"
SET_CLOCK = (
    "timedatectl; sudo timedatectl set-ntp true   (with chrony, as on Amazon Linux: sudo systemctl restart chronyd)"
)

_AUTHORITY = (
    "put its authority's certificate (PEM) and the public authorities (Debian: /etc/ssl/certs/ca-certificates.crt,\n"
    "Amazon Linux: /etc/pki/tls/certs/ca-bundle.crt) into one file; name that in [network] ca_file in {file},\n"
    "then: {reload}"
)
_NEW_APP = (
    "That cannot be switched off. Make a new app: https://api.slack.com/apps, Create New App, From a manifest:\n"
    "cocoai manifest --url https://HOST prints one without token rotation. Copy its Bot User OAuth Token into\n"
    "[slack] bot_token and its Signing Secret into [slack] signing_secret in {file}, then: {reload}"
)
_COMPARE = (
    "https://api.slack.com/apps, your app, Basic Information, App Credentials: compare the Signing Secret with\n"
    "[slack] signing_secret in {file}; if you change it: {reload}"
)
_HEADER = "\nOr does a proxy in between take the header Authorization away?"

SERVER_CASES = {
    # the connection to either
    "reach.ok": ("{host} answers, over the connection that the settings describe", ""),
    "reach.dns": (
        "the name {host} does not resolve",
        "getent hosts {host}; cat /etc/resolv.conf; is the address right (api_url or base_url in {file})?",
    ),
    "reach.refused": (
        "{host} refuses the connection",
        "curl -I https://{host}; is the address right (api_url or base_url in {file})? Does a firewall forbid it?",
    ),
    "reach.timeout": (
        "{host} does not answer in time",
        (
            "curl -I https://{host}; does the firewall let port 443 out? Behind a proxy:\n"
            "[network] proxy in {file}, then: {reload}"
        ),
    ),
    "reach.connection": ("the connection to {host} breaks: {detail}", "curl -I https://{host}"),
    "reach.proxy": (
        "the proxy of the settings cannot be reached, or refuses {host}",
        "Look at [network] proxy in {file}: its address, its port, its user and password; then: {reload}",
    ),
    "reach.tls": (
        "TLS with {host} fails: {detail}",
        "curl -v https://{host}; if a proxy opens TLS in between,\n" + _AUTHORITY,
    ),
    "reach.tls_chain": (
        "the certificate of {host} comes from an unknown authority: {detail}",
        "If a proxy opens TLS in between,\n" + _AUTHORITY,
    ),
    "reach.tls_self_signed": (
        "the certificate of {host} is signed by itself: {detail}",
        "Is it the right server? Then it is its own authority:\n" + _AUTHORITY,
    ),
    "reach.tls_expired": (
        "the certificate of {host} has expired, or this machine's clock is wrong",
        "date -u: is that right? If not: " + SET_CLOCK,
    ),
    "reach.tls_name": (
        "the certificate is not that of {host}: {detail}",
        "Look at the address (api_url or base_url in {file}), and at /etc/hosts.",
    ),
    "reach.no_http": (
        "{host} answers, but not in HTTP",
        "Look at the address and its port (api_url or base_url in {file}).",
    ),
    "reach.bad_address": (
        "the address or the token has characters that cannot be sent",
        "Copy both anew into {file} (api_url and bot_token, or base_url and api_key), then: {reload}",
    ),
    "clock.ok": ("this machine's clock agrees with that of {host}", ""),
    "clock.unknown": ("{host} tells no time", ""),
    "clock.ahead": (
        "this machine's clock is {seconds} s ahead of {host}; from 300 s on Slack's events are refused",
        SET_CLOCK,
    ),
    "clock.behind": (
        "this machine's clock is {seconds} s behind {host}; from 300 s on Slack's events are refused",
        SET_CLOCK,
    ),
    # Slack
    "slack.address.ok": ("{url} is Slack's Web API", ""),
    "slack.address.limited": ("Slack limits our calls just now: nothing more is asked", ""),
    "slack.address.trouble": ("Slack has trouble of its own ({status})", "https://slack-status.com"),
    "slack.address.no_method": ("{url} does not know auth.test: its path is wrong", _API_URL),
    "slack.address.no_json": ("{url} answers with a page in place of Slack's JSON", _API_URL),
    "slack.address.status": ("{url} answers {status}: that is not the path of Slack's Web API", _API_URL),
    "slack.token.ok": ("bot {user} in {team} ({team_id})", ""),
    "slack.token.limited": ("Slack limits our calls just now", ""),
    "slack.token.user": ("it is the token of the person {user} in {team}, and not a bot's (no bot_id)", _COPY_IT),
    "slack.token.kind": ("it begins with {kind}-, and a bot's begins with xoxb-", _COPY_IT),
    "slack.token.invalid_auth": ("Slack does not know it (invalid_auth)", _COPY_IT),
    "slack.token.not_authed": ("Slack sees none (not_authed): a proxy may take it away", _COPY_IT + _HEADER),
    "slack.token.token_revoked": (
        "it was revoked (token_revoked): the app was removed, or the token withdrawn",
        _REINSTALL,
    ),
    "slack.token.token_expired": (
        "it has expired (token_expired): the app rotates its tokens, which CocoAI does not follow",
        _NEW_APP,
    ),
    "slack.token.account_inactive": (
        "its user or workspace was deactivated (account_inactive): usually the app was removed",
        _REINSTALL,
    ),
    "slack.token.not_allowed_token_type": (
        "it is of a kind that Slack allows no bot (not_allowed_token_type)",
        _COPY_IT,
    ),
    "slack.token.team_access_not_granted": (
        "the app was not granted this workspace (team_access_not_granted)",
        _REINSTALL,
    ),
    "slack.token.org_login_required": (
        "the workspace is moving to another organisation (org_login_required)",
        "Wait until the move is done, then type this again.",
    ),
    "slack.token.access_denied": (
        "an administrator denies the app (access_denied)",
        "Ask the workspace's administrators to approve the app.",
    ),
    "slack.token.ekm_access_denied": (
        "the administrators have suspended access (ekm_access_denied)",
        "Ask the workspace's administrators.",
    ),
    "slack.token.no_permission": ("the token lacks what auth.test needs (no_permission)", _REINSTALL),
    "slack.token.other": ("Slack refuses it: {code}", _REINSTALL),
    "slack.scopes.ok": ("all that are needed are there (the app has {number})", ""),
    "slack.scopes.unknown": ("Slack does not say which the app has", ""),
    "slack.scopes.app_mentions_read": ("{scope} is missing: no mention reaches CocoAI", _SCOPE),
    "slack.scopes.chat_write": ("{scope} is missing: CocoAI cannot write a word", _SCOPE),
    "slack.scopes.channels_history": (
        "{scope} is missing: in public channels no thread can be read, and no answer comes",
        _SCOPE,
    ),
    "slack.scopes.groups_history": (
        "{scope} is missing: in private channels no thread can be read, and no answer comes",
        _SCOPE,
    ),
    "slack.scopes.im_history": ("{scope} is missing: direct messages are not answered", _SCOPE),
    "slack.scopes.mpim_history": ("{scope} is missing: in group messages no answer comes", _SCOPE),
    "slack.scopes.commands": (
        "{scope} is missing: neither the command /cocoai nor CocoAI's entries in the message menu are there",
        _SCOPE + _MANIFEST,
    ),
    "slack.scopes.files_read": ("{scope} is missing: no attached file is read", _SCOPE),
    "slack.scopes.files_read_documents": ("{scope} is missing: no attached and no pinned file is read", _SCOPE),
    "slack.scopes.pins_read": (
        "{scope} is missing: what is pinned to the channels of [documents] is not read",
        _SCOPE + _MANIFEST,
    ),
    "slack.scopes.channels_read": ("{scope} is missing: canvases of public channels are not read", _SCOPE),
    "slack.scopes.groups_read": ("{scope} is missing: canvases of private channels are not read", _SCOPE),
    "slack.scopes.files_write": ("{scope} is missing: no picture is drawn", _SCOPE),
    "slack.scopes.files_write_words": ("{scope} is missing: the words of a long sound come as many messages", _SCOPE),
    "slack.scopes.reactions_read": ("{scope} is missing: a flag or a memo under a message asks for nothing", _SCOPE),
    "slack.scopes.reactions_write": ("{scope} is missing: thanks are left without a reaction", _SCOPE),
    "slack.scopes.users_read": ("{scope} is missing: the model does not see who says what", _SCOPE),
    "slack.scopes.other": ("{scope}, which the manifest asks for, is missing", _SCOPE),
    "slack.home.ok": ("somebody has opened it, the last time at {at}", ""),
    "slack.home.off": ("it is switched off in the Slack app", _HOME),
    "slack.home.unopened": (
        "nobody has opened it in the last two days",
        "In Slack: Apps, CocoAI, Home. If there is no such tab, or it stays empty:\n" + _HOME,
    ),
    "slack.names.broken_off": ("not all names were asked for: Slack took too long", ""),
    "slack.membership.ok": ("the bot is in at least {number}", ""),
    "slack.membership.none": (
        "the bot is in none: nobody can mention it",
        "In Slack, in a channel: /invite @CocoAI",
    ),
    "slack.membership.none_public": (
        "the bot is in no public one (private ones are not seen without groups:read)",
        "In Slack, in a channel: /invite @CocoAI",
    ),
    "slack.membership.scope": ("not asked: the app lacks {scope}, which nothing else needs", ""),
    "slack.membership.more": ("not known: Slack's first page has none, and there are more", ""),
    "slack.membership.refused": ("Slack does not say: {code}", ""),
    "slack.allow_channels.ok": ("{id} is #{name}", ""),
    "slack.allow_channels.unknown": (
        "{id} does not exist, or is private and without the bot: no question comes from there",
        "Take it out of [slack] allow_channels in {file}, or /invite @CocoAI there; then: {reload}",
    ),
    "slack.allow_channels.archived": (
        "{id} (#{name}) is archived",
        "Take it out of [slack] allow_channels in {file}, then: {reload}",
    ),
    "slack.allow_channels.outside": ("the bot is not in {id} (#{name})", "In Slack, in #{name}: /invite @CocoAI"),
    "slack.allow_channels.scope": ("not asked: the app lacks {scope}, which nothing else needs", ""),
    "slack.allow_channels.refused": ("Slack does not say: {code}", ""),
    "slack.allow_channels.more": ("{number} more are not asked for", ""),
    "slack.document_channels.ok": ("{id} is #{name}", ""),
    "slack.document_channels.unknown": (
        "{id} does not exist, or is private and without the bot: nothing of it is read",
        "Take it out of [documents] channels in {file}, or /invite @CocoAI there; then: {reload}",
    ),
    "slack.document_channels.archived": (
        "{id} (#{name}) is archived",
        "Take it out of [documents] channels in {file}, then: {reload}",
    ),
    "slack.document_channels.outside": (
        "the bot is not in {id} (#{name}): nothing of it is read",
        "In Slack, in #{name}: /invite @CocoAI",
    ),
    "slack.document_channels.scope": ("not asked: the app lacks {scope}", ""),
    "slack.document_channels.refused": ("Slack does not say: {code}", ""),
    "slack.document_channels.more": ("{number} more are not asked for", ""),
    "slack.allow_users.ok": ("{id} is a person of this workspace", ""),
    "slack.allow_users.unknown": (
        "{id} is nobody in this workspace: is a letter wrong?",
        "Mend it in [slack] allow_users in {file} (Slack, a person's profile, ⋮, Copy member ID), then: {reload}",
    ),
    "slack.allow_users.deleted": (
        "{id} was deactivated",
        "Take it out of [slack] allow_users in {file}, then: {reload}",
    ),
    "slack.allow_users.scope": ("not asked: the app lacks {scope}", ""),
    "slack.allow_users.refused": ("Slack does not say: {code}", ""),
    "slack.allow_users.more": ("{number} more are not asked for", ""),
    "slack.secret.ok": ("it has the usual shape; whose it is, only Slack's events show", ""),
    "slack.secret.shape": (
        "it has not the usual shape of 32 hexadecimal digits",
        _COMPARE,
    ),
}

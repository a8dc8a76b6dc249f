"""The sentences in English on OpenAI and the public address."""

from __future__ import annotations

from cocoai.check.words.english_servers import SET_CLOCK

_BASE_URL = "[openai] base_url = https://api.openai.com/v1 in {file} (that is the default), then: {reload}"
_MODEL = (
    "Choose one of https://platform.openai.com/docs/models, and name it where {model} stands in {file}:\n"
    "[openai] model, [models], [channel ID], [speech] or [images] model; then: {reload}"
)
_CERTIFICATE = (
    "sudo certbot renew && sudo nginx -t && sudo systemctl reload nginx   (or: {install})\n"
    "(one that certbot did not fetch: renew it where it is from, then: sudo nginx -t && sudo systemctl reload nginx)"
)

MODEL_CASES = {
    # OpenAI
    "openai.address.limited": ("it limits our calls just now: nothing more is asked", ""),
    "openai.address.trouble": ("it has trouble of its own ({status})", "https://status.openai.com"),
    "openai.address.no_json": ("{url} answers with a page in place of JSON", _BASE_URL),
    "openai.address.no_path": ("{url} is not the path of the API ({status})", _BASE_URL),
    "openai.address.status": ("{url} answers {status}", _BASE_URL),
    "openai.key.ok": ("it is accepted", ""),
    "openai.key.refused": (
        "it is refused (401): wrong, deleted, or of another server than {url}",
        "https://platform.openai.com/api-keys: Create new secret key; into [openai] api_key in {file}, then: {reload}",
    ),
    "openai.key.forbidden": (
        "it may not use {url} (403): the project, the country, or the key's restrictions",
        "https://platform.openai.com/settings: look at the project's limits and the key's permissions",
    ),
    "openai.model.ok": ("{model} is there", ""),
    "openai.model.later": ("{model} is there, until {date}", ""),
    "openai.model.near": ("{model} is shut down on {date}, in {days} days", _MODEL),
    "openai.model.past": ("{model} was to be shut down on {date}", _MODEL),
    "openai.model.gone": ("{model} does not exist, or not for this key (model_not_found)", _MODEL),
    "openai.model.not_listed": (
        "{model} is not among the server's models ({known}); `--ask` tries it",
        (
            "Choose one of them, and name it where {model} stands in {file}: [openai] model, [models] or\n"
            "[channel ID]; then: {reload}"
        ),
    ),
    "openai.model.no_list": ("the server has no list of models, so they cannot be asked for; `--ask` tries one", ""),
    "openai.model.no_right": (
        "the restricted key may not read models, so they cannot be asked for; `--ask` tries one",
        "",
    ),
    "openai.model.unanswered": ("{model}: the server does not say ({status})", ""),
    "openai.credit.ok": ("{model} has answered: that cost {cost}, which stands in no ledger", ""),
    "openai.credit.no_budget": ("not asked: [budget] monthly_usd is 0", ""),
    "openai.credit.none": (
        "there is none left ({code}): who asks is told that you must look",
        "https://platform.openai.com/settings/organization/billing: add credit, or raise the limit",
    ),
    "openai.credit.refused": (
        "a question is refused: {code}",
        "Look at [openai] in {file}; `{code}` is the server's word.",
    ),
    "openai.speech.ok": ("it takes sounds, and {model} hears them", ""),
    "openai.speech.no_path": (
        "{url} takes no sounds ({status}): a question with one fails",
        "[speech] use = slack in {file} (or a base_url with /audio/transcriptions), then: {reload}",
    ),
    "openai.speech.no_files": (
        "files are switched off, so {model} hears nothing",
        "[answer] attachments_mib = 4 in {file}, or [speech] use = off; then: {reload}",
    ),
    "openai.speech.unanswered": ("the server does not say whether it takes sounds ({status})", ""),
    # the public address
    "public.ok": ("{url} answers as Slack wants it: name, certificate, nginx, socket and pool are right", ""),
    "public.lives": ("{host} answers; not asked as Slack asks, since the signing secret is not known", ""),
    "public.unknown": (
        "not known, so not asked",
        "cocoai check --url https://HOST   (HOST: the name under which Slack finds this machine)",
    ),
    "public.dns": (
        "the name {host} does not resolve",
        (
            "Give it a DNS record (A) with this machine's address: curl -4 https://checkip.amazonaws.com\n"
            "then: getent hosts {host}"
        ),
    ),
    "public.refused": (
        "{host} refuses the connection ({detail}): no nginx listens there",
        "sudo nginx -t && sudo systemctl restart nginx   (does {host} lead to this machine? getent hosts {host})",
    ),
    "public.timeout": (
        "{host} does not answer ({detail}): a firewall, or another machine",
        (
            "Open port 443 (Amazon Lightsail: Networking, Add rule, HTTPS).\n"
            "Does {host} lead to this machine? getent hosts {host}"
        ),
    ),
    "public.connection": (
        "no connection to {host} ({detail})",
        "The same address must come from: getent ahostsv4 {host}; curl -4 https://checkip.amazonaws.com",
    ),
    "public.tls": ("TLS fails: {detail}", "{install}"),
    "public.tls_no_site": ("nginx answers, but has no site for {host}", "{install} --domain {host}"),
    "public.tls_expired": ("the certificate has expired: Slack sends nothing", _CERTIFICATE),
    "public.tls_self_signed": (
        "the certificate is signed by itself: Slack trusts none of that kind",
        "{install} --certbot",
    ),
    "public.tls_chain": (
        "the certificate's chain is not whole, or its authority is unknown: {detail}",
        "nginx's ssl_certificate must be fullchain.pem, and not cert.pem; if it is already: {install} --certbot",
    ),
    "public.tls_name": ("the certificate is another name's: {detail}", "{install} --domain {host}"),
    "public.no_http": (
        "what answers at {host} speaks no HTTP over TLS ({detail})",
        "sudo nginx -T | grep 'listen.*443'   (each line must have ssl; if not: {install})",
    ),
    "public.no_answer": ("{host} takes the connection, and then says nothing for 5 s", "{start}; the log: {log}"),
    "public.other_answer": (
        "another program answers there: {detail}",
        "Does {host} lead to this machine? getent hosts {host}; sudo nginx -T | grep server_name; {install}",
    ),
    "public.not_found": (
        "{detail}: nginx has no such path, so another site answers",
        "sudo nginx -T | grep -n 'server_name\\|slack'; {install}",
    ),
    "public.forbidden": (
        "{detail}: something in front of CocoAI keeps Slack out",
        (
            "sudo nginx -T | grep -nE 'allow|deny|403'; look at what is in front of it, too (a CDN, a web firewall):\n"
            "all must let POST {url} through."
        ),
    ),
    "public.limited": ("{detail}: nginx limits our requests just now", ""),
    "public.broken": ("{detail}: the pool has a fault", "The log: {log}"),
    "public.cannot_keep": (
        "{detail}: the pool cannot write its folder",
        "Look at the lines Folder var and Room in var. The log: {log}",
    ),
    "public.no_pool": (
        "{detail}: nginx answers, but no pool",
        "{start}; the log: {log}; sudo tail /var/log/nginx/error.log",
    ),
    "public.slow_pool": ("{detail}: the pool does not answer in time", "{start}; the log: {log}"),
    "public.secret": (
        "{detail}: the running pool has another signing secret than {file}",
        "{reload}",
    ),
    "public.stale": ("{detail}: the clocks of this machine and of that one differ", SET_CLOCK),
    "public.certificate.ok": ("{days} days left", ""),
    "public.certificate.soon": (
        "{days} days left: certbot renews when 30 are left, so something keeps it from that",
        _CERTIFICATE,
    ),
    "public.certificate.almost_over": ("{days} days left: then Slack sends nothing", _CERTIFICATE),
    "public.certificate.self_signed": (
        "{days} days left, but Slack trusts no certificate that is signed by itself",
        "{install} --certbot",
    ),
}

"""The sentences in Japanese on Slack, and on connections and clocks."""

from __future__ import annotations

SERVER_PARTS = {
    "slack.reach": "Slackへの接続",
    "slack.address": "Slackのアドレス",
    "slack.clock": "Slackとの時計の差",
    "slack.token": "Slackのボットトークン",
    "slack.scopes": "Slackのスコープ",
    "slack.home": "Slackのホームタブ",
    "slack.names": "Slackでの名前",
    "slack.membership": "Slackのチャンネル",
    "slack.allow_channels": "allow_channels",
    "slack.document_channels": "資料のチャンネル",
    "slack.allow_users": "allow_users",
    "slack.secret": "Signing Secret",
    "openai.reach": "OpenAIへの接続",
    "openai.address": "OpenAIのアドレス",
    "openai.clock": "OpenAIとの時計の差",
    "openai.key": "OpenAIのキー",
    "openai.model": "OpenAIのモデル",
    "openai.speech": "OpenAIでの音声",
    "openai.credit": "OpenAIの残高",
    "public": "公開アドレス",
    "public.certificate": "証明書",
}

_COPY_IT = (
    "https://api.slack.com/apps でアプリを開き、OAuth & Permissions の Bot User OAuth Token（xoxb-…）を\n"
    "{file} の [slack] bot_token に写してから: {reload}"
)
_REINSTALL = (
    "https://api.slack.com/apps でアプリを開き、Install App → Reinstall to Workspace（または Install to …）。\n"
    "Bot User OAuth Token を {file} の [slack] bot_token に写してから: {reload}"
)
_SCOPE = (
    "https://api.slack.com/apps でアプリを開き、OAuth & Permissions → Bot Token Scopes →\n"
    "Add an OAuth Scope で {scope} を追加してから、Reinstall to Workspace（トークンは変わりません）。"
)
_MANIFEST = (
    "\nコマンドとメッセージメニューの項目そのものは、App Manifest に\n"
    "cocoai manifest --url https://HOST の出力を貼り付けて作ります。"
)
_HOME = (
    "https://api.slack.com/apps でアプリを開き、App Home → Show Tabs で Home Tab をオンにしてから、\n"
    "Event Subscriptions → Subscribe to bot events に app_home_opened を加えて Save Changes。"
)
_API_URL = "{file} で [slack] api_url = https://slack.com/api/（既定の値）にしてから: {reload}"
SET_CLOCK = (
    "timedatectl; sudo timedatectl set-ntp true   （Amazon Linuxなどのchronyでは: sudo systemctl restart chronyd）"
)
_AUTHORITY = (
    "その認証局の証明書（PEM）と公開の認証局（Debian: /etc/ssl/certs/ca-certificates.crt、\n"
    "Amazon Linux: /etc/pki/tls/certs/ca-bundle.crt）をひとつのファイルに入れ、{file} の [network] ca_file に\n"
    "書いてから: {reload}"
)
_NEW_APP = (
    "ローテーションは止められません。https://api.slack.com/apps の Create New App → From a manifest で、トークンの\n"
    "ローテーションなしのアプリを作り直し（cocoai manifest --url https://HOST がマニフェストを表示します）、その\n"
    "Bot User OAuth Token を {file} の [slack] bot_token に、Signing Secret を [slack] signing_secret に\n"
    "写してから: {reload}"
)
_COMPARE = (
    "https://api.slack.com/apps でアプリを開き、Basic Information → App Credentials の Signing Secret を、\n"
    "{file} の [slack] signing_secret と見比べてください。直したら: {reload}"
)
_HEADER = "\n間のプロキシが Authorization ヘッダーを取り除いていないかも見てください。"
_ADMINISTRATORS = "ワークスペースの管理者に、アプリの承認を頼んでください。"

SERVER_CASES = {
    "reach.ok": ("{host} は、設定どおりの接続で答えます", ""),
    "reach.dns": (
        "{host} の名前を引けません",
        "getent hosts {host}; cat /etc/resolv.conf。{file} のアドレス（api_url、base_url）は正しいですか。",
    ),
    "reach.refused": (
        "{host} が接続を断ります",
        "curl -I https://{host}。{file} のアドレス（api_url、base_url）とファイアウォールも見てください。",
    ),
    "reach.timeout": (
        "{host} が時間内に答えません",
        (
            "curl -I https://{host}。ファイアウォールは外への443番を通しますか。プロキシがあれば\n"
            "{file} の [network] proxy に書いてから: {reload}"
        ),
    ),
    "reach.connection": ("{host} との接続が切れます: {detail}", "curl -I https://{host}"),
    "reach.proxy": (
        "設定のプロキシに届かないか、プロキシが {host} を断ります",
        "{file} の [network] proxy のアドレス、ポート、ユーザー、パスワードを見直してから: {reload}",
    ),
    "reach.tls": (
        "{host} とのTLSに失敗します: {detail}",
        "curl -v https://{host}。間にTLSを復号するプロキシがあるなら、\n" + _AUTHORITY,
    ),
    "reach.tls_chain": (
        "{host} の証明書は、知らない認証局のものです: {detail}",
        "間にTLSを復号するプロキシがあるなら、\n" + _AUTHORITY,
    ),
    "reach.tls_self_signed": (
        "{host} の証明書は自己署名です: {detail}",
        "正しいサーバーなら、その証明書が認証局を兼ねます。\n" + _AUTHORITY,
    ),
    "reach.tls_expired": (
        "{host} の証明書が切れているか、このマシンの時計が狂っています",
        "date -u の時刻は合っていますか。合っていなければ: " + SET_CLOCK,
    ),
    "reach.tls_name": (
        "証明書が {host} のものではありません: {detail}",
        "{file} のアドレス（api_url、base_url）と /etc/hosts を見てください。",
    ),
    "reach.no_http": (
        "{host} は答えますが、HTTPではありません",
        "{file} のアドレスとポート（api_url、base_url）を見てください。",
    ),
    "reach.bad_address": (
        "アドレスかトークンに、送れない文字があります",
        "両方（api_url と bot_token、または base_url と api_key）を {file} に写し直してから: {reload}",
    ),
    "clock.ok": ("このマシンの時計は {host} と合っています", ""),
    "clock.unknown": ("{host} は時刻を知らせません", ""),
    "clock.ahead": (
        "このマシンの時計は {host} より {seconds}秒進んでいます。300秒からはSlackのイベントを受け付けません",
        SET_CLOCK,
    ),
    "clock.behind": (
        "このマシンの時計は {host} より {seconds}秒遅れています。300秒からはSlackのイベントを受け付けません",
        SET_CLOCK,
    ),
    # Slack
    "slack.address.ok": ("{url} はSlackのWeb APIです", ""),
    "slack.address.limited": ("Slackが今は呼び出しを制限しているので、これ以上は聞きません", ""),
    "slack.address.trouble": ("Slackの側で障害が起きています（{status}）", "https://slack-status.com"),
    "slack.address.no_method": ("{url} は auth.test を知りません。パスが違います", _API_URL),
    "slack.address.no_json": ("{url} は、SlackのJSONではなくページを返します", _API_URL),
    "slack.address.status": ("{url} は {status} を返します。SlackのWeb APIのパスではありません", _API_URL),
    "slack.token.ok": ("{team}（{team_id}）のボット {user}", ""),
    "slack.token.limited": ("Slackが今は呼び出しを制限しています", ""),
    "slack.token.user": ("{team} の {user}さん本人のもので、ボットのものではありません（bot_idがない）", _COPY_IT),
    "slack.token.kind": ("{kind}- で始まっています。ボットのものは xoxb- で始まります", _COPY_IT),
    "slack.token.invalid_auth": ("Slackが知らないトークンです（invalid_auth）", _COPY_IT),
    "slack.token.not_authed": (
        "Slackにトークンが届いていません（not_authed）。プロキシが取り除くことがあります",
        _COPY_IT + _HEADER,
    ),
    "slack.token.token_revoked": (
        "無効にされました（token_revoked）。アプリが外されたか、トークンが取り消されました",
        _REINSTALL,
    ),
    "slack.token.token_expired": (
        "期限が切れました（token_expired）。アプリのトークンはローテーションされますが、CocoAIは対応していません",
        _NEW_APP,
    ),
    "slack.token.account_inactive": (
        "ユーザーかワークスペースが無効になりました（account_inactive）。多くは、アプリが外されたためです",
        _REINSTALL,
    ),
    "slack.token.not_allowed_token_type": (
        "Slackがボットに認めない種類です（not_allowed_token_type）",
        _COPY_IT,
    ),
    "slack.token.team_access_not_granted": (
        "アプリはこのワークスペースを許可されていません（team_access_not_granted）",
        _REINSTALL,
    ),
    "slack.token.org_login_required": (
        "ワークスペースを別の組織に移しているところです（org_login_required）",
        "移し終わるのを待って、同じコマンドをもう一度。",
    ),
    "slack.token.access_denied": ("管理者がアプリを拒んでいます（access_denied）", _ADMINISTRATORS),
    "slack.token.ekm_access_denied": (
        "管理者がアクセスを止めています（ekm_access_denied）",
        "ワークスペースの管理者に問い合わせてください。",
    ),
    "slack.token.no_permission": ("auth.test に要る権限がありません（no_permission）", _REINSTALL),
    "slack.token.other": ("Slackが拒みます: {code}", _REINSTALL),
    "slack.scopes.ok": ("要るものは揃っています（アプリには {number} 個あります）", ""),
    "slack.scopes.unknown": ("アプリのスコープを、Slackが知らせません", ""),
    "slack.scopes.app_mentions_read": ("{scope} がなく、メンションがCocoAIに届きません", _SCOPE),
    "slack.scopes.chat_write": ("{scope} がなく、CocoAIは一言も書けません", _SCOPE),
    "slack.scopes.channels_history": ("{scope} がなく、公開チャンネルではスレッドを読めず、答えられません", _SCOPE),
    "slack.scopes.groups_history": ("{scope} がなく、非公開チャンネルではスレッドを読めず、答えられません", _SCOPE),
    "slack.scopes.im_history": ("{scope} がなく、ダイレクトメッセージに答えられません", _SCOPE),
    "slack.scopes.mpim_history": ("{scope} がなく、グループのダイレクトメッセージに答えられません", _SCOPE),
    "slack.scopes.commands": (
        "{scope} がなく、コマンド /cocoai も、メッセージメニューのCocoAIの項目も出ません",
        _SCOPE + _MANIFEST,
    ),
    "slack.scopes.files_read": ("{scope} がなく、添付ファイルを読めません", _SCOPE),
    "slack.scopes.files_read_documents": ("{scope} がなく、添付もピン留めも、ファイルを読めません", _SCOPE),
    "slack.scopes.pins_read": (
        "{scope} がなく、[documents] のチャンネルにピン留めされたものを読めません",
        _SCOPE + _MANIFEST,
    ),
    "slack.scopes.channels_read": ("{scope} がなく、公開チャンネルのcanvasを読めません", _SCOPE),
    "slack.scopes.groups_read": ("{scope} がなく、非公開チャンネルのcanvasを読めません", _SCOPE),
    "slack.scopes.files_write": ("{scope} がなく、画像を描けません", _SCOPE),
    "slack.scopes.files_write_words": ("{scope} がなく、長い文字起こしをファイルで渡せません", _SCOPE),
    "slack.scopes.reactions_read": ("{scope} がなく、国旗やメモのリアクションでは何も頼めません", _SCOPE),
    "slack.scopes.reactions_write": ("{scope} がなく、お礼にリアクションを付けられません", _SCOPE),
    "slack.scopes.users_read": ("{scope} がなく、誰の発言かがモデルに伝わりません", _SCOPE),
    "slack.scopes.other": ("マニフェストにある {scope} がありません", _SCOPE),
    "slack.home.ok": ("{at} に開かれています", ""),
    "slack.home.off": ("Slackアプリの設定でオフになっています", _HOME),
    "slack.home.unopened": (
        "この2日間、誰も開いていません",
        "Slackで App → CocoAI → ホームを開きます。このタブがないか、空のままなら:\n" + _HOME,
    ),
    "slack.names.broken_off": ("Slackに時間がかかり、すべての名前は聞けませんでした", ""),
    "slack.membership.ok": ("ボットは少なくとも {number} つに入っています", ""),
    "slack.membership.none": (
        "ボットはどこにも入っておらず、誰もメンションできません",
        "Slackのチャンネルで: /invite @CocoAI",
    ),
    "slack.membership.none_public": (
        "ボットは公開チャンネルに入っていません（groups:read がないので、非公開のものは見えません）",
        "Slackのチャンネルで: /invite @CocoAI",
    ),
    "slack.membership.scope": ("聞いていません。アプリに {scope} がありません（ほかでは要りません）", ""),
    "slack.membership.more": ("わかりません。Slackの最初の一覧は空で、続きがあります", ""),
    "slack.membership.refused": ("Slackが知らせません: {code}", ""),
    "slack.allow_channels.ok": ("{id} は #{name} です", ""),
    "slack.allow_channels.unknown": (
        "{id} は存在しないか、ボットのいない非公開チャンネルです。そこから質問は届きません",
        "{file} の [slack] allow_channels から外すか、そこで /invite @CocoAI をしてから: {reload}",
    ),
    "slack.allow_channels.archived": (
        "{id}（#{name}）はアーカイブされています",
        "{file} の [slack] allow_channels から外してから: {reload}",
    ),
    "slack.allow_channels.outside": ("ボットは {id}（#{name}）に入っていません", "Slackの #{name} で: /invite @CocoAI"),
    "slack.allow_channels.scope": ("聞いていません。アプリに {scope} がありません（ほかでは要りません）", ""),
    "slack.allow_channels.refused": ("Slackが知らせません: {code}", ""),
    "slack.allow_channels.more": ("ほかの {number} 件は聞いていません", ""),
    "slack.document_channels.ok": ("{id} は #{name} です", ""),
    "slack.document_channels.unknown": (
        "{id} は存在しないか、ボットのいない非公開チャンネルです。そこの資料は読めません",
        "{file} の [documents] channels から外すか、そこで /invite @CocoAI をしてから: {reload}",
    ),
    "slack.document_channels.archived": (
        "{id}（#{name}）はアーカイブされています",
        "{file} の [documents] channels から外してから: {reload}",
    ),
    "slack.document_channels.outside": (
        "ボットは {id}（#{name}）に入っておらず、そこの資料を読めません",
        "Slackの #{name} で: /invite @CocoAI",
    ),
    "slack.document_channels.scope": ("聞いていません。アプリに {scope} がありません", ""),
    "slack.document_channels.refused": ("Slackが知らせません: {code}", ""),
    "slack.document_channels.more": ("ほかの {number} 件は聞いていません", ""),
    "slack.allow_users.ok": ("{id} はこのワークスペースにいます", ""),
    "slack.allow_users.unknown": (
        "{id} はこのワークスペースにいません。文字が違っていませんか",
        "{file} の [slack] allow_users を直してから（Slackのプロフィール → ⋮ → メンバーIDをコピー）: {reload}",
    ),
    "slack.allow_users.deleted": (
        "{id} は無効になっています",
        "{file} の [slack] allow_users から外してから: {reload}",
    ),
    "slack.allow_users.scope": ("聞いていません。アプリに {scope} がありません", ""),
    "slack.allow_users.refused": ("Slackが知らせません: {code}", ""),
    "slack.allow_users.more": ("ほかの {number} 件は聞いていません", ""),
    "slack.secret.ok": ("いつもの形です。どのアプリのものかは、Slackのイベントが来て初めて分かります", ""),
    "slack.secret.shape": ("いつもの形（16進数で32桁）ではありません", _COMPARE),
}

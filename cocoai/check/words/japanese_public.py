"""The sentences in Japanese on OpenAI and the public address."""

from __future__ import annotations

from cocoai.check.words.japanese_servers import SET_CLOCK

_BASE_URL = "{file} で [openai] base_url = https://api.openai.com/v1（既定の値）にしてから: {reload}"
_MODEL = (
    "https://platform.openai.com/docs/models から選び、{file} で {model} とある所（[openai] model、[models]、\n"
    "[channel ID]、[speech] model、[images] model）に書いてから: {reload}"
)
_CERTIFICATE = (
    "sudo certbot renew && sudo nginx -t && sudo systemctl reload nginx   （または: {install}）\n"
    "（certbotのものでなければ、発行元で更新してから: sudo nginx -t && sudo systemctl reload nginx）"
)

_KEY = (
    "https://platform.openai.com/api-keys で Create new secret key を押し、\n"
    "{file} の [openai] api_key に写してから: {reload}"
)

MODEL_CASES = {
    # OpenAI
    "openai.address.limited": ("今は呼び出しを制限されているので、これ以上は聞きません", ""),
    "openai.address.trouble": ("サーバーの側で障害が起きています（{status}）", "https://status.openai.com"),
    "openai.address.no_json": ("{url} は、JSONではなくページを返します", _BASE_URL),
    "openai.address.no_path": ("{url} はAPIのパスではありません（{status}）", _BASE_URL),
    "openai.address.status": ("{url} は {status} を返します", _BASE_URL),
    "openai.key.ok": ("受け付けられます", ""),
    "openai.key.refused": (
        "拒まれます（401）。誤りか、削除されたか、{url} とは別のサーバーのものです",
        _KEY,
    ),
    "openai.key.forbidden": (
        "{url} を使えません（403）。プロジェクトか、国か、キーの制限です",
        "https://platform.openai.com/settings で、プロジェクトの制限とキーの権限を見てください。",
    ),
    "openai.model.ok": ("{model} があります", ""),
    "openai.model.later": ("{model} は {date} まであります", ""),
    "openai.model.near": ("{model} は {date}（{days}日後）に終わります", _MODEL),
    "openai.model.past": ("{model} は {date} に終わるはずでした", _MODEL),
    "openai.model.gone": ("{model} は存在しないか、このキーでは使えません（model_not_found）", _MODEL),
    "openai.model.not_listed": (
        "{model} は、サーバーのモデル（{known}）にありません（`--ask` で実際に試せます）",
        "その中から選び、{file} で {model} とある所（[openai] model、[models]、[channel ID]）に書いてから:\n{reload}",
    ),
    "openai.model.no_list": ("サーバーにモデルの一覧がなく、聞けません（`--ask` で実際に試せます）", ""),
    "openai.model.no_right": ("制限付きのキーでモデルの情報を読めず、聞けません（`--ask` で実際に試せます）", ""),
    "openai.model.unanswered": ("{model}: サーバーが知らせません（{status}）", ""),
    "openai.credit.ok": ("{model} が答えました。費用は {cost} で、費用の記録には載せていません", ""),
    "openai.credit.no_budget": ("聞いていません。[budget] monthly_usd が0です", ""),
    "openai.credit.none": (
        "残っていません（{code}）。質問した人には、管理者の対応が要ると伝えています",
        "https://platform.openai.com/settings/organization/billing で残高を足すか、上限を上げてください。",
    ),
    "openai.credit.refused": (
        "質問が拒まれます: {code}",
        "{file} の [openai] を見てください。`{code}` はサーバーの返事です。",
    ),
    "openai.speech.ok": ("音声を受け付け、{model} が聞き取ります", ""),
    "openai.speech.no_path": (
        "{url} は音声を受け付けず（{status}）、音声のある質問は失敗します",
        "{file} で [speech] use = slack（または /audio/transcriptions のある base_url）にしてから: {reload}",
    ),
    "openai.speech.no_files": (
        "添付ファイルを読まない設定なので、{model} は何も聞きません",
        "{file} で [answer] attachments_mib = 4 か [speech] use = off にしてから: {reload}",
    ),
    "openai.speech.unanswered": ("音声を受け付けるか、サーバーが答えません（{status}）", ""),
    # the public address
    "public.ok": ("{url} はSlackの望むとおりに答えます（名前、証明書、nginx、ソケット、プール）", ""),
    "public.lives": ("{host} は答えます。Signing Secretが分からないので、Slackと同じ聞き方はしていません", ""),
    "public.unknown": (
        "分からないので、聞いていません",
        "cocoai check --url https://HOST   （HOSTは、Slackから見たこのマシンの名前）",
    ),
    "public.dns": (
        "{host} の名前を引けません",
        (
            "DNSのAレコードに、このマシンのアドレスを登録する: curl -4 https://checkip.amazonaws.com\n"
            "そのあと: getent hosts {host}"
        ),
    ),
    "public.refused": (
        "{host}（{detail}）が接続を断ります。そこでnginxが待ち受けていません",
        "sudo nginx -t && sudo systemctl restart nginx   （{host} はこのマシンを指していますか: getent hosts {host}）",
    ),
    "public.timeout": (
        "{host}（{detail}）が答えません。ファイアウォールか、別のマシンです",
        (
            "443番ポートを開ける（Amazon Lightsail: Networking → Add rule → HTTPS）。\n"
            "{host} はこのマシンを指していますか: getent hosts {host}"
        ),
    ),
    "public.connection": (
        "{host}（{detail}）に接続できません",
        "次のふたつが同じアドレスになるはずです: getent ahostsv4 {host}; curl -4 https://checkip.amazonaws.com",
    ),
    "public.tls": ("TLSに失敗します: {detail}", "{install}"),
    "public.tls_no_site": ("nginxは答えますが、{host} のサイトがありません", "{install} --domain {host}"),
    "public.tls_expired": ("証明書が切れていて、Slackは何も送ってきません", _CERTIFICATE),
    "public.tls_self_signed": ("証明書は自己署名で、Slackは信用しません", "{install} --certbot"),
    "public.tls_chain": (
        "証明書のチェーンが欠けているか、認証局が知られていません: {detail}",
        "nginxの ssl_certificate は cert.pem ではなく fullchain.pem に。そうなっていれば: {install} --certbot",
    ),
    "public.tls_name": ("証明書が別の名前のものです: {detail}", "{install} --domain {host}"),
    "public.no_http": (
        "{host} で答えているものは、HTTPSではありません（{detail}）",
        "sudo nginx -T | grep 'listen.*443'   （どの行にも ssl が要ります。なければ: {install}）",
    ),
    "public.no_answer": ("{host} は接続を受けたまま、5秒たっても何も言いません", "{start}。ログ: {log}"),
    "public.other_answer": (
        "そこでは別のプログラムが答えています: {detail}",
        "{host} はこのマシンを指していますか: getent hosts {host}; sudo nginx -T | grep server_name; {install}",
    ),
    "public.not_found": (
        "{detail}: nginxにそのパスがなく、別のサイトが答えています",
        "sudo nginx -T | grep -n 'server_name\\|slack'; {install}",
    ),
    "public.forbidden": (
        "{detail}: CocoAIの手前で、何かがSlackを拒んでいます",
        (
            "sudo nginx -T | grep -nE 'allow|deny|403'。その手前にあるもの（CDN、WAF）も見てください。\n"
            "どれも {url} へのPOSTを通す必要があります。"
        ),
    ),
    "public.limited": ("{detail}: 今はnginxがリクエストを制限しています", ""),
    "public.broken": ("{detail}: プールに不具合があります", "ログ: {log}"),
    "public.cannot_keep": (
        "{detail}: プールが自分のフォルダーに書けません",
        "「varフォルダー」と「varの空き」の行を見てください。ログ: {log}",
    ),
    "public.no_pool": (
        "{detail}: nginxは答えますが、プールが動いていません",
        "{start}。ログ: {log}; sudo tail /var/log/nginx/error.log",
    ),
    "public.slow_pool": ("{detail}: プールが時間内に答えません", "{start}。ログ: {log}"),
    "public.secret": ("{detail}: 動いているプールのSigning Secretが、{file} のものと違います", "{reload}"),
    "public.stale": ("{detail}: このマシンと相手の時計がずれています", SET_CLOCK),
    "public.certificate.ok": ("残り {days}日", ""),
    "public.certificate.soon": ("残り {days}日です。certbotは30日前に更新するので、何かが妨げています", _CERTIFICATE),
    "public.certificate.almost_over": ("残り {days}日です。切れると、Slackは何も送ってきません", _CERTIFICATE),
    "public.certificate.self_signed": (
        "残り {days}日ですが、自己署名の証明書をSlackは信用しません",
        "{install} --certbot",
    ),
}

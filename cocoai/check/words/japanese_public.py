"""The sentences in Japanese on OpenAI and the public address."""

from __future__ import annotations

from cocoai.check.words.japanese_servers import SET_CLOCK

_BASE_URL = "{file} で [openai] base_url = https://api.openai.com/v1（既定の値）にしてから: {reload}"
_MODEL = (
    "https://platform.openai.com/docs/models から選び、{file} の [openai] model、[models]、[channel ID] に書いてから:\n"
    "{reload}"
)
_CERTIFICATE = "sudo certbot renew && sudo nginx -t && sudo systemctl reload nginx   （または: {install}）"

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
        "https://platform.openai.com/settings で、プロジェクトの制限とキーの権限を見てください",
    ),
    "openai.model.ok": ("{model} があります", ""),
    "openai.model.later": ("{model} は {date} まであります", ""),
    "openai.model.near": ("{model} は {date}（{days}日後）に終わります", _MODEL),
    "openai.model.past": ("{model} は {date} に終わるはずでした", _MODEL),
    "openai.model.gone": ("{model} は存在しないか、このキーでは使えません（model_not_found）", _MODEL),
    "openai.model.not_listed": (
        "{model} は、サーバーのモデル（{known}）にありません（`--ask` で実際に試せます）",
        "その中から選び、{file} の [openai] model、[models]、[channel ID] に書いてから: {reload}",
    ),
    "openai.model.no_list": ("サーバーにモデルの一覧がなく、聞けません（`--ask` で実際に試せます）", ""),
    "openai.model.unanswered": ("{model}: サーバーが知らせません（{status}）", ""),
    "openai.credit.ok": ("{model} が答えました。費用は {cost} で、費用の記録には載せていません", ""),
    "openai.credit.no_budget": ("聞いていません。[budget] monthly_usd が0です", ""),
    "openai.credit.none": (
        "残っていません（{code}）。質問した人には、管理者の対応が要ると伝えています",
        "https://platform.openai.com/settings/organization/billing で残高を足すか、上限を上げてください",
    ),
    "openai.credit.refused": (
        "質問が拒まれます: {code}",
        "{file} の [openai] を見てください。`{code}` はサーバーの言葉です。",
    ),
    # the public address
    "public.ok": ("{url} はSlackの望むとおりに答えます（名前、証明書、nginx、ソケット、プール）", ""),
    "public.lives": ("{host} は答えます。Signing Secretが分からないので、Slackと同じ聞き方はしていません", ""),
    "public.unknown": ("分からないので、聞いていません", "cocoai check --url https://HOST"),
    "public.dns": ("{host} の名前を引けません", "DNSレコードをこのマシンに向ける: getent hosts {host}"),
    "public.refused": (
        "{host}（{detail}）が接続を断ります。そこでnginxが待ち受けていません",
        "sudo systemctl restart nginx; sudo nginx -t。名前はこのマシンを指していますか。",
    ),
    "public.timeout": (
        "{host}（{detail}）が答えません。ファイアウォールか、別のマシンです",
        "443番ポートを開ける（Amazon Lightsail: Networking → Add rule → HTTPS）。名前はこのマシンを指していますか。",
    ),
    "public.connection": ("{host}（{detail}）に接続できません", "getent hosts {host}; ip address"),
    "public.tls": ("TLSに失敗します: {detail}", "{install}"),
    "public.tls_no_site": ("nginxは答えますが、{host} のサイトがありません", "{install} --domain {host}"),
    "public.tls_expired": ("証明書が切れていて、Slackは何も送ってきません", _CERTIFICATE),
    "public.tls_self_signed": ("証明書は自己署名で、Slackは信用しません", "{install} --certbot"),
    "public.tls_chain": (
        "証明書のチェーンが欠けているか、認証局が知られていません: {detail}",
        "nginxの ssl_certificate は cert.pem ではなく fullchain.pem に。そうなっていれば: {install} --certbot",
    ),
    "public.tls_name": ("証明書が別の名前のものです: {detail}", "{install} --domain {host}"),
    "public.no_http": ("{host} で答えているものは、TLS上のHTTPを話しません（{detail}）", "sudo nginx -T | grep -n 443"),
    "public.no_answer": ("{host} は接続を受けたまま、5秒たっても何も言いません", "{start}。ログ: {log}"),
    "public.other_answer": (
        "そこでは別のプログラムが答えています: {detail}",
        "名前はこのマシンを指していますか。sudo nginx -T | grep server_name; {install}",
    ),
    "public.not_found": (
        "{detail}: nginxにそのパスがなく、別のサイトが答えています",
        "sudo nginx -T | grep -n 'server_name\\|slack'; {install}",
    ),
    "public.forbidden": (
        "{detail}: CocoAIの手前で、何かがSlackを拒んでいます",
        "nginxのファイルと、その手前にあるものを見てください。",
    ),
    "public.limited": ("{detail}: 今はnginxがリクエストを制限しています", ""),
    "public.broken": ("{detail}: プールに不具合があります", "ログ: {log}"),
    "public.cannot_keep": ("{detail}: プールが自分のフォルダーに書けません", "ログ: {log}"),
    "public.no_pool": (
        "{detail}: nginxは答えますが、プールがいません",
        "{start}。ログ: {log}; /var/log/nginx/error.log",
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

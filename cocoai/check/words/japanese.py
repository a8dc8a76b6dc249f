"""The sentences in Japanese: the names of the parts, what is looked at on this machine, and the last lines."""

from __future__ import annotations

from cocoai.check.words.japanese_documents import DOCUMENT_CASES, DOCUMENT_PARTS
from cocoai.check.words.japanese_public import MODEL_CASES
from cocoai.check.words.japanese_servers import SERVER_CASES, SERVER_PARTS, SET_CLOCK
from cocoai.check.words.words import Words

PARTS = {
    "check": "この点検",
    "settings": "設定",
    "settings.file": "設定ファイル",
    "settings.access": "設定の読み取り",
    "var.access": "varフォルダー",
    "var.disk": "varのディスク",
    "var.room": "varの空き",
    "socket": "プールのソケット",
    "pool": "プール",
    "pool.version": "プールの版",
    "pool.memory": "メモリーの共有",
    "pool.one": "プールの数",
    "pool.refused": "これまでの署名",
    "pool.met": "プールで起きている問題",
    "inbox": "受信箱",
    "store": "データベース",
    "units": "サービス",
    "units.tmpfiles": "/runのフォルダー",
    "units.certbot": "証明書の更新",
    "units.hook": "更新後のフック",
    "python": "Python",
    "memory": "メモリー",
    "nginx": "nginxのプロセス",
    "ledger": "費用の記録",
    "prices": "価格",
    "prices.age": "価格表",
}

_SIGNING = (
    "https://api.slack.com/apps でアプリを開き、Basic Information → App Credentials の Signing Secret を\n"
    "{file} の [slack] signing_secret に写してから: {reload}"
)
_SWAP = (
    "1 GiBの空きが要ります（df -h /）:\n"
    "sudo dd if=/dev/zero of=/swapfile bs=1M count=1024 && sudo chmod 600 /swapfile && sudo mkswap /swapfile\n"
    "sudo swapon /swapfile && echo '/swapfile swap swap defaults 0 0' | sudo tee -a /etc/fstab"
)
_ROOM = "空きを作る: df -h {var}; df -i {var}; sudo du -xh / | sort -h | tail; sudo journalctl --vacuum-size=50M"
_RESTORE = "最新のコピーに戻す（FILEはその名前）:\n{restore}"

CASES = {
    "check.broken": (
        "一部がエラーで終わりました（{name}: {kind}）。残りは有効です",
        "`cocoai --version` の表示を添えて報告してください。",
    ),
    "check.late": (
        "{name}: {seconds}秒以内に返事がなく、残りは分かりません",
        "ネットワークに届くかを確かめる: getent hosts slack.com; curl -I https://slack.com",
    ),
    "check.no_user": ("ユーザー {user} としては何も調べられませんでした", ""),
    "settings.ok": ("{file} は読め、どの値も正しい形です", ""),
    "settings.refused": ("{trouble}", "{file} を直してから: {reload}   （プールが動いていなければ: {start}）"),
    "settings.not_for_you": ("{file} はこのユーザーには読めないので、ほとんど調べられません", "sudo {program} check"),
    "settings.file.none": ("ファイルはなく、すべて環境変数から読んでいます", ""),
    "settings.file.unseen": ("{file}: {reason}", ""),
    "settings.file.ok": ("{file}（モード {mode}）は、ほかのユーザーには読めません", ""),
    "settings.file.open": ("{file} のモードは {mode} で、このマシンの誰でも秘密の値を読めます", "{command}"),
    "settings.file.group": ("{file} のモードは {mode} で、グループ {group} の全員が秘密の値を読めます", "{command}"),
    "settings.access.ok": ("プールのユーザー {user} は {file} を読めます", ""),
    "settings.access.unreadable": ("プールのユーザー {user} は {file} を読めず、プールは起動できません", "{command}"),
    "settings.access.named": (
        "プールのユーザー {user} は、設定にある {file} を読めません",
        "sudo chmod a+r {file}   （その上のフォルダーには a+x も: namei -l {file}）",
    ),
    "settings.access.not_asked": ("プールのユーザー {user} としては調べていません", "sudo {program} check"),
    "var.access.ok": ("{user} は {var} に書けます", ""),
    "var.access.missing": (
        "{var} がなく、{user} には作れないので、プールは起動できません",
        "sudo install -d -o {user} -m 700 {var}   （または: {install}）",
    ),
    "var.access.not_yet": ("{var} はまだありません（プールが作ります）", ""),
    "var.access.closed": (
        "{user} は {folder} に書けません。Slackには503を返し、Slackは同じイベントを送り直します",
        "sudo chown -R {user} {var}",
    ),
    "var.disk.ok": ("{var} は {kind} の上にあります", ""),
    "var.disk.memory": (
        "{var} は {kind}（メモリー）の上にあり、再起動すると、そこに保存したものがすべて失われます",
        (
            "何がマウントされているかは findmnt -T {var} で分かります。プールを止めて {var} をディスクに写し\n"
            "（sudo cp -a）、アンマウントして写し戻すか、[paths] var をその写しにしてから、プールを起動してください。"
        ),
    ),
    "var.disk.network": (
        "{var} はネットワーク上の {kind} にあり、ロックとfsyncが効かないおそれがあります",
        "プールを止め、{var} をこのマシンのディスクに写し（sudo cp -a）、[paths] var をそこにして、起動してください。",
    ),
    "var.room.ok": ("空きは {mib} MiB、inodeは {inodes} 個です", ""),
    "var.room.little": ("{var} の空きは {mib} MiB、inodeは {inodes} 個しかありません", _ROOM),
    "var.room.none": ("{var} の空きは {mib} MiB、inodeは {inodes} 個で、まもなく質問を受け付けられなくなります", _ROOM),
    "socket.ok": ("{user} は {socket} に接続できます", ""),
    "socket.by_mode": ("モードによれば {user} は {socket} に接続できます（rootなら実際に試します）", ""),
    "socket.missing": (
        "{socket} がありません。nginxは502を返し、Slackに返事が届きません",
        "{start}   （まだなければ: {install}）",
    ),
    "socket.not_yet": ("{socket} はありません。この設定ではまだプールを起動していません", ""),
    "socket.unseen": ("{socket}: {reason}", "sudo {program} check"),
    "socket.no_socket": ("{socket} はソケットではありません", "sudo rm {socket} && {start}"),
    "socket.denied": (
        "nginxのユーザー {user} は {socket}（{owner}）に接続できません。nginxは502を返します（13: Permission denied）",
        "{install}   （サービスにnginxのグループを書きます。持ち主は、ソケットを作り直したときにだけ変わります）",
    ),
    "socket.dead": (
        "{socket} はありますが、待ち受けがありません。nginxは502を返します（111: Connection refused）",
        "{start}",
    ),
    "socket.failed": ("{socket}: {reason}", "{start}"),
    "pool.ok": ("動いています（pid {pid}）", ""),
    "pool.unseen": ("このユーザーは {var} の中を見られないので、調べていません", "sudo {program} check"),
    "pool.never": ("{var} では一度も動いていません", "{start}"),
    "pool.stopped": ("{var} では動いていません", "{start}"),
    "pool.other_code": ("入っているものと違うコードが動いています", "{reload}"),
    "pool.version.ok": ("入っている版が動いています: {version}", ""),
    "pool.version.other": ("動いているのは {theirs}、入っているのは {ours} です", "{reload}"),
    "pool.memory.off": ("切れています（{reason}）。答えひとつに3 MiBではなく約6 MiBかかります", ""),
    "pool.one.ok": ("{var} の親プロセスはひとつです（pid {pid}）", ""),
    "pool.one.another": (
        "{var} のロックを持つのはpid {pid}、状態の表示はpid {shown} で、表示は正しくありません",
        "sudo kill {pid}   （処理を終えて止まり、正しいほうが起動します）。起動しなければ: {start}",
    ),
    "pool.one.orphan": (
        "同じ設定でほかに {number} つ動いています。pid {pid} は、誰にも管理されていない親プロセスです",
        "sudo kill {pid}",
    ),
    "pool.refused.ok": ("{number} 件のリクエストに、誤った署名はありません", ""),
    "pool.refused.stale": (
        "{stale} 件は時刻が古すぎ、起動してから質問をひとつも受けていません。このマシンの時計が狂っています",
        SET_CLOCK,
    ),
    "pool.refused.never_right": (
        "{number} 件の署名が誤りで、正しいものは一度もありません。Signing Secretが別のアプリのものです",
        _SIGNING,
    ),
    "pool.refused.not_since_start": (
        "起動してから {number} 件の署名が誤りで、その間に質問をひとつも受けていません",
        _SIGNING,
    ),
    "pool.refused.some": (
        "正しいもののほかに、誤りが {number} 件、古いものが {stale} 件あります（古いアプリか、誰かの偽造です）",
        "",
    ),
    "store.ok": ("{address} に届き、問題ありません", ""),
    "store.no_driver": ("使えません: {reason}", "追加の機能とともにCocoAIを入れます: pip install 'cocoai[mariadb]'"),
    "store.away": (
        "{address} に尋ねられません: {reason}",
        "サーバーが動き、このマシンからの接続を許しているか、{file} の [store] のurlとpasswordを確かめてください。",
    ),
    "store.unfit": (
        "{address} に問題があります: {text}",
        "{program} store check   （意味は docs/store.md にあります）",
    ),
    "inbox.ok": ("空です（保存先を待つリクエストはありません）", ""),
    "inbox.unseen": ("{folder} はこのユーザーには読めません", "sudo {program} check"),
    "inbox.waiting": (
        "{number} 件のリクエストが保存先を待っています。最初のものは {since} からです",
        "保存先への接続を直してください。直れば、届いた順に自動で取り込みます。",
    ),
    "inbox.failed": (
        "{number} 件のリクエストを取り込めませんでした",
        "理由はログにあります。{folder}/failed から {folder}/waiting へ移すと、再び試します。不要なら消してください。",
    ),
    "pool.met.ok": ("ありません", ""),
    "pool.met.unseen": ("このユーザーは {var} の中を見られないので、調べていません", "sudo {program} check"),
    "pool.met.now": (
        "{since} から: {source} {code}",
        "上に異常があれば直し、なければボットに何か聞いてください。次の呼び出しが成功すれば終わります。",
    ),
    "pool.met.waiting": (
        "{since} から: {source} {code}。{number} 件が答えを待っています",
        "上に出ている異常を直してください。直れば、自動で答えます。",
    ),
    "units.ok": ("{unit} は有効で、動いています", ""),
    "units.missing": ("{unit} がsystemdにありません", "{install}"),
    "units.disabled": ("{unit} は有効になっておらず、再起動すると動きません", "sudo systemctl enable {unit}"),
    "units.inactive": (
        "{unit} は {state} です",
        "sudo systemctl reset-failed {unit}; sudo systemctl restart {unit}; systemctl status {unit}",
    ),
    "units.no_restart": ("{unit} に Restart= がなく、強制終了されると止まったままになります", "{install}"),
    "units.no_systemd": ("ここではsystemdが動いていないので、ユニットは調べていません", ""),
    "units.unseen": ("systemctlが答えないので、ユニットは調べていません", "sudo {program} check"),
    "units.tmpfiles.ok": ("起動のたびに {run} が作られます", ""),
    "units.tmpfiles.missing": ("{file} に {run} がなく、再起動するとソケットが作れません", "{install}"),
    "units.tmpfiles.unseen": ("{file} はこのユーザーには読めません", "sudo {program} check"),
    "units.certbot.ok": ("{timer} が更新します", ""),
    "units.certbot.off": (
        "certbotのタイマーが動いておらず、証明書はやがて切れます",
        "sudo systemctl enable --now {timer}   （そのタイマーがなければ: {install}）",
    ),
    "units.hook.ok": ("更新すると、nginxが新しい証明書を使います（{file}）", ""),
    "units.hook.missing": ("{file} がなく、nginxは再読み込みまで古い証明書を使います", "{install}"),
    "units.hook.unseen": ("{file} はこのユーザーには見えません", "sudo {program} check"),
    "python.ok": ("{version}", ""),
    "python.too_old": (
        "{version} は古すぎます",
        "CocoAIのソースのフォルダーで: sudo bin/install   （新しいPythonも入ります）",
    ),
    "python.counting": (
        "{version} はオブジェクトを共有できず、答えひとつに3 MiBではなく約6 MiBかかります（3.12と3.13は可）",
        "",
    ),
    "python.collector": (
        "{version} は、3.14.5より前なので、メモリーを多く使います",
        "Python 3.13か、3.14.5以降を入れ、CocoAIのソースのフォルダーで: sudo bin/install",
    ),
    "python.newer": ("{version} は、CocoAIで測定した版（3.12、3.13）より新しいものです", ""),
    "memory.ok": ("{memory} MiB、スワップ {swap} MiB", ""),
    "memory.little": (
        "{memory} MiB、スワップ {swap} MiBです。プールと並んでパッケージの操作をすると、強制終了されるおそれがあります",
        _SWAP,
    ),
    "nginx.ok": ("親のほかに {number} つ", ""),
    "nginx.many": ("親のほかに {number} つで、ひとつ3〜4 MiBです。ひとつで足ります（{file} の worker_processes）", ""),
    "ledger.ok": ("{file} は壊れていません", ""),
    "ledger.shared": ("{address} の表を読めます", ""),
    "ledger.away": ("{address} に今は尋ねられません。届くまで、モデルには何も聞かず、費用も表示しません", ""),
    "ledger.unfit": (
        "{address} に問題があります: {reason}。費用の記録がなければ、モデルには何も聞きません",
        "{program} store check。表がないか壊れていれば、データベースのダンプを戻してください（docs/store.md）",
    ),
    "ledger.not_yet": ("{file} はまだありません（最初の質問で作られます）", ""),
    "ledger.unseen": ("{file} はこのユーザーには見えません", "sudo {program} check"),
    "ledger.busy": ("{file} は今は調べられませんでした（{code}）", ""),
    "ledger.unreadable": (
        "{file} を読めません（{code}）。費用の記録がなければ、モデルには何も聞きません",
        "sudo {program} check。それでも同じなら、" + _RESTORE,
    ),
    "ledger.broken": (
        "{file} が壊れています（{code}）。費用の記録がなければ、モデルには何も聞きません",
        "コピーのあとの費用の記録は失われますが、" + _RESTORE,
    ),
    "prices.ok": ("{models} の価格は分かっています", ""),
    "prices.unknown": (
        "{model} の価格が分からず、最も高いモデルとして数えるので、予算が早く尽きます",
        "{file} の [prices] に {model} = in/cached/written/out（100万トークンあたりのドル）を書いてから: {reload}",
    ),
    "prices.unknown_here": (
        "{model} の価格が分からず、最も高いモデルとして数えるので、予算が早く尽きます",
        (
            "{file} の [prices] に {model} = free を書いてから（または in/cached/written/out、\n"
            "100万トークンあたりのドル）: {reload}"
        ),
    ),
    "prices.unknown_sound": (
        "音声を聞く {model} の価格が分からず、最も高いモデルとして数えます",
        "{file} の [prices] に {model} = 0.0045/minute（1分あたりのドル、または free）を書いてから: {reload}",
    ),
    "prices.unknown_picture": (
        "画像を描く {model} の価格が分からず、画像を描けません",
        (
            "{file} の [prices] に {model} = 5/1.25/8/2/30（文字、キャッシュの文字、画像、キャッシュの画像、描いた"
            "画像。\n100万トークンあたりのドル、または free）を書いてから: {reload}"
        ),
    ),
    "prices.no_quality": (
        "{model} に品質 {quality} がなく、画像を描けません",
        "{file} で [images] quality = medium にするか、[images] model を新しいものにしてから: {reload}",
    ),
    "prices.age.ok": ("{checked} に出典と照合しました", ""),
    "prices.age.old": (
        "出典との照合は {checked}（{days}日前）で、価格が変わっているかもしれません",
        "CocoAIのソースのフォルダーで: git pull && sudo bin/install   （または [prices] に価格を書く）",
    ),
}

JAPANESE = Words(
    parts={**SERVER_PARTS, **PARTS, **DOCUMENT_PARTS},
    cases={**SERVER_CASES, **MODEL_CASES, **CASES, **DOCUMENT_CASES},
    marks={"ok": "正常", "note": "参考", "warning": "注意", "wrong": "異常"},
    lines={
        "all_right": "異常はありません。（正常 {ok}、参考 {note}、注意 {warning}）",
        "wrong": "異常 {wrong}、注意 {warning}、正常 {ok}、参考 {note}。",
        "again": "動いているプールも1時間以内に自分で調べ直し、`cocoai status` に出します。",
    },
)

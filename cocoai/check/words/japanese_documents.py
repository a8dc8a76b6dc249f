"""The sentences in Japanese on the team's documents and the history."""

from __future__ import annotations

DOCUMENT_PARTS = {
    "documents": "文書",
    "documents.search": "全文検索",
    "documents.folder": "文書のフォルダー",
    "documents.readers": "文書を見せる範囲",
    "documents.index": "文書の索引",
    "documents.room": "索引のための空き",
    "documents.unread": "読めない文書",
    "documents.left_out": "読まないもの",
    "history": "履歴",
}

_PROBLEMS = {
    "too_large": "大きすぎます",
    "too_slow": "読むのに時間がかかりすぎます",
    "encrypted": "パスワードがないと開けません",
    "broken": "壊れているか、名前と中身が違います",
    "empty": "中身がありません",
    "no_text": "文字がありません（スキャンした画像など）",
    "needs_extra": "cocoai[documents] が必要です",
    "no_leave": "読み取りが許可されていません",
    "changed": "読む途中で変わったので、また試します",
    "hidden": "Slackの無料プランではもう表示されません",
    "foreign": "Slackの外に置かれています",
}

_LEFT_OUT = {
    "too_many": "読む数の上限を超えています（名前の順に読みます）",
    "other_type": "ほかの種類のファイル",
    "link": "リンク（たどりません）",
    "special": "ソケットやデバイスなど",
    "no_leave": "読み取りが許可されていないフォルダー",
    "unreadable": "ディスクから読めないフォルダー",
    "too_deep": "深すぎるフォルダー",
    "same_name": "ほかと見分けのつかない名前のファイル",
    "folder_missing": "フォルダーがありません（索引はそのままです）",
    "folder_empty": "フォルダーが空です。マウントされていないのかもしれません（索引は1日そのままです）",
    "folder_unreadable": "フォルダーを読めません（索引はそのままです）",
    "folder_changed": "ちょうどフォルダーが入れ替わりました（索引はそのままです）",
    "io_error": "ディスクのエラーで、また試します",
    "ratelimited": "Slackから待つように言われています",
    "missing_scope": "必要なスコープのないチャンネル",
    "not_in_channel": "CocoAIがいないチャンネル",
    "channel_not_found": "CocoAIには見えないチャンネル",
    "history_broken": "履歴を読み書きできません",
}

_REMEDIES = {
    "documents.unread.too_large": "読めるのは50 MB、200万文字までです。分けてください",
    "documents.unread.encrypted": "パスワードなしで保存してください",
    "documents.unread.broken": "開いて保存し直すか、名前の拡張子を直してください",
    "documents.unread.no_text": "文字認識（OCR）をして保存してください",
    "documents.unread.needs_extra": "{pip}   （アップグレードのたびに）",
    "documents.unread.no_leave": "プールのユーザーが読めるようにする。Slackではスコープ files:read",
    "documents.left_out.too_many": "だれも尋ねないものをフォルダーの外へ移してください",
    "documents.left_out.folder_empty": "マウントし直す。空でよいなら、することはありません",
}

DOCUMENT_CASES = {
    "documents.not_asked": ("プールのユーザー {user} でないと調べられません", "sudo {program} check"),
    "documents.search.ok": ("SQLite {version} で使えます", ""),
    "documents.search.no_fts5": (
        "このPythonのSQLite {version} にFTS5がなく、文書を探せません",
        "FTS5のあるPython（システムのものなど）を使ってください。今のものは {python}",
    ),
    "documents.folder.ok": ("{folder} を読めます", ""),
    "documents.folder.missing": (
        "{folder} がありません。戻るまで索引はそのままです",
        "mkdir {folder}   （またはマウントする。または {file} の [documents] folder を直す）",
    ),
    "documents.folder.closed": ("{user} は {folder} を読めません", "sudo chmod a+rX {folder}"),
    "documents.readers.ok": ("[readers] の{number}件の名前はすべてあります", ""),
    "documents.readers.unknown": (
        (
            "[readers] {name} は一部の人だけのはずですが、{folder} にその名前のフォルダーがありません。書き間違いなら、"
            "だれにでも見えています"
        ),
        (
            "ls {folder}; そこにある名前を {file} に書いてから: {reload}\n"
            "（これから作るフォルダーなら、空のまま作っておく）"
        ),
    ),
    "documents.readers.spare": (
        "[readers] {name} は、フォルダーの名前でも [documents] channels のチャンネルでもありません",
        "{file} で名前を直すか消してから: {reload}",
    ),
    "documents.index.ok": ("{documents}件の文書、{passages}個の部分（{age} 前に確認）", ""),
    "documents.index.late": (
        "{documents}件の文書、{passages}個の部分がありますが、最後に確認したのは {age} 前です",
        "プールが動いているなら、ログの `index outcome=` に理由があります",
    ),
    "documents.index.missing": ("まだありません。プールが起動すると作ります", ""),
    "documents.index.busy": ("ちょうど書き込み中か、読み取りが許可されていません", ""),
    "documents.index.old": ("ほかの版が作ったものなので、プールが作り直します", ""),
    "documents.index.broken": (
        "{path} が壊れています。回答は文書なしで続き、数分以内にプールが作り直します",
        "sudo {program} documents reindex   （すぐに作り直すとき）",
    ),
    "documents.room.little": (
        "空きが {mib} MiB で、{size} MiB の索引を書き直せないことがあります",
        "ディスクの空きを増やしてください",
    ),
    **{
        key: (f"{{number}}件: {words}（{{examples}}）", _REMEDIES.get(key, ""))
        for code, words in _PROBLEMS.items()
        for key in [f"documents.unread.{code}"]
    },
    "documents.unread.other": ("{number}件: {code}（{examples}）", ""),
    **{
        key: (f"{{number}}件: {words}（{{source}}）", _REMEDIES.get(key, ""))
        for code, words in _LEFT_OUT.items()
        for key in [f"documents.left_out.{code}"]
    },
    "documents.left_out.other": ("{number}件: {code}（{source}）", ""),
    "history.ok": ("{number}件の質問と回答、最も古いものは {oldest}、{mib} MiB", ""),
    "history.not_yet": ("まだ何もありません", ""),
    "history.away": (
        "{address} を読めません（{reason}）。読めるようになるまで、残すことも、見せることも、忘れることもできません",
        "`cocoai store check` がくわしく調べます",
    ),
    "history.broken": ("{path} を読めません（{reason}）。何も残せず、忘れることもできません", "{restore}"),
}

"""What the five people write: questions of an office, in Japanese and in English, and how they go on asking."""

from __future__ import annotations

OPENINGS = {
    "ja": (
        "議事録のひな形を作って",
        "このメールをもう少し丁寧に直して: 明日の打ち合わせは15時からに変更でお願いします",
        "見積書を送るときの件名を3つ考えて",
        "スプレッドシートで重複した行を数える式は？",
        "来週の勉強会の案内文を書いて",
        "英語のこの一文はどういう意味？ We will circle back next week.",
        "Pythonで日付の差を営業日で数えたい",
        "お客さま向けの障害のお詫び文を短く",
        "採用面接で聞くとよい質問を一覧にして",
        "売上の推移を説明する文章を書いて。4月が120、5月が135、6月が128です",
        "正規表現で郵便番号を取り出すには？",
        "会議が長くなる原因と対策を教えて",
        "新入社員に伝える経費精算の手順を箇条書きで",
        "この文を要約して: {minutes}",
    ),
    "en": (
        "write a polite reminder about the invoice from last month",
        "what is a good agenda for a retrospective of one hour?",
        "how do I undo my last commit but keep the changes?",
        "give me three titles for a talk about onboarding",
        "explain the difference between accrual and cash accounting",
        "translate into Japanese: we would like to move the launch to Thursday",
        "which SQL finds customers who did not order this quarter?",
        "make this shorter: we are writing to let you know that the office will be closed on Monday",
        "list the steps to hand over a project",
        "write a job description for a part-time accountant",
        "summarise this: {minutes}",
    ),
}

FOLLOW_UPS = {
    "ja": ("もう少し短くして", "箇条書きにして", "具体例も足して", "3番目を詳しく", "英語でもお願い", "理由も教えて"),
    "en": (
        "make it shorter",
        "as a list, please",
        "add an example",
        "more about the second point",
        "in Japanese, too",
        "why?",
    ),
}

MINUTES = {
    "ja": "営業の報告。大口の見込みが2件あり、1件は今月中に契約の予定。開発は検索の改善を金曜に公開する。問い合わせは"
    "先週より1割少ない。来月の展示会には4人で参加し、資料は広報がまとめる。次回は木曜の10時から。",
    "en": "Sales reported two large leads, one of which should sign this month. Development releases the better search "
    "on Friday. There were a tenth fewer tickets than last week. Four of us go to the fair next month, and marketing "
    "makes the brochure. The next meeting is on Thursday at ten.",
}

DEEP = {"ja": "deep: 来期の予算案の弱いところを挙げて", "en": "deep: find the weak points of our plan for next quarter"}
"""Questions for the dearer model, by its prefix."""

USAGE = {"ja": "いくら使った？", "en": "how much have we spent?"}

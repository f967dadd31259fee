"""The sentences of papers in Japanese."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

JAPANESE: Mapping[str, Sentence] = {
    # Titles and first lines.
    "paper_sheet_title": "お申し込み前のお支払いプランのご説明",
    "paper_sheet_intro": (
        "この書面は、{date} {time}に{shop}でのお買い物についてご案内した"
        "お支払いプランの内容です。お読みいただくだけで契約が成立することはありません。"
    ),
    "paper_agreement_title": "お支払いプラン契約書",
    "paper_agreement_intro": (
        "お客様は{date} {time}に、{shop}でのお買い物についてこのプランに同意されました。"
    ),
    "paper_receipt_title": "領収書",
    "paper_receipt_intro": "{date} {time}、{shop}でのお買い物（お支払いプランをご利用）",
    "paper_sample": "見本：テストモードです。実際の請求は発生しません。",
    "paper_page": "{number} / {count} ページ",
    # Headings.
    "paper_parties": "当事者",
    "paper_key_facts": "重要な事項",
    "paper_more_facts": "このプランについて",
    "paper_terms": "規約",
    "paper_terms_shown": "表示された規約（原文のまま）",
    "paper_accepted": "ご同意の内容",
    # Parties.
    "paper_shop": "ショップ（取次ぎ）",
    "paper_order": "ご注文番号",
    "paper_payment": "お支払い番号",
    "paper_plan": "プラン番号",
    "paper_card": "カード",
    # Key facts.
    "paper_credit": "与信額",
    "paper_cost": "分割払手数料",
    "paper_total_to_pay": "支払総額",
    "paper_payments": "お支払い回数と金額",
    "paper_fees": "その他の手数料",
    "paper_no_fees": "なし",
    "paper_returns": "返品した場合",
    "paper_not_set": "貸主の法務による文言は未設定です。",
    "paper_line": "{label}：{text}",
    # Schedule.
    "paper_schedule": "お支払い予定表",
    "paper_number": "回",
    "paper_date": "期日",
    "paper_amount": "金額",
    "paper_total": "合計",
    # Terms and agreement.
    "paper_terms_version": "{id}（バージョン {version}）",
    "paper_confirmed": "{date} {time}にこのプランを確定されました。",
    "paper_ticked": "次の文の欄にチェックを入れられました。",
    # The page in place of a file that cannot be made.
    "paper_unavailable_title": "現在このファイルを作成できません",
    "paper_unavailable_text": "変更はありません。同じ内容をページとして開き、印刷できます。",
}

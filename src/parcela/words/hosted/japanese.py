"""What the hosted page says around a payment, in Japanese: languages, papers, help."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

JAPANESE: Mapping[str, Sentence] = {
    "hosted_languages": "言語",
    "hosted_phone": "スマートフォンで続ける",
    "hosted_phone_text": "スマートフォンのカメラでこのコードを読み取ると、お支払い画面が開きます。ここで"
    "入力した内容は引き継がれません。",
    "hosted_phone_code": "このページのアドレスのQRコード",
    "hosted_sheet": "ご契約前のご案内",
    "hosted_sheet_pdf": "ご契約前のご案内（PDF）",
    "hosted_papers": "保存用の書類",
    "hosted_agreement": "契約書",
    "hosted_agreement_pdf": "契約書（PDF）",
    "hosted_receipt_pdf": "領収書（PDF）",
    "hosted_plan_page": "お支払い状況を後で確認する",
    "hosted_new_window": "新しいウィンドウで開きます",
    "hosted_schedule_of": "{title}のお支払い予定",
    "hosted_more_facts": "この分割払いの詳細",
    "hosted_accessibility": "アクセシビリティ",
    "hosted_accessibility_intro": "マウス、キーボードのみ、スクリーンリーダー、文字の拡大、スクリプトな"
    "しのどの方法でも、どなたでもお支払いいただけることを目指しています。",
    "hosted_accessibility_standard": "このページは WCAG 2.2 のレベル A と AA に沿っています。",
    "hosted_accessibility_tested": "テストした内容",
    "hosted_accessibility_date": "実施日",
    "hosted_accessibility_browser": "ブラウザー",
    "hosted_accessibility_states": "ページの状態の数",
    "hosted_accessibility_views": "確認した表示の数",
    "hosted_accessibility_widths": "画面幅（ピクセル）",
    "hosted_accessibility_languages": "対応言語の数",
    "hosted_accessibility_rules": "適合した自動チェック項目の数",
    "hosted_accessibility_violations": "見つかった問題の数",
    "hosted_accessibility_purchases": "購入テストの回数",
    "hosted_accessibility_ways": "マウス、キーボードのみ、スクリプトなし",
    "hosted_accessibility_limits": "わかっている制限",
    "hosted_accessibility_limit_people": "自動チェックで見つかるのは一部の問題だけです。障害のある方によ"
    "るテストはまだ行っていません。",
    "hosted_accessibility_limit_readers": "スクリーンリーダーでのテストは行っていません。",
    "hosted_accessibility_limit_terms": "分割払いの規約は、貸主が用意した言語で表示されます。",
    "hosted_accessibility_limit_others": "カード会社のページと、ほかのアドレスにある規約の全文は、この声"
    "明の対象外です。",
    "hosted_accessibility_help": "うまく使えないとき",
    "hosted_accessibility_help_text": "ショップにご連絡ください。別の方法で注文を受けることができます。",
}

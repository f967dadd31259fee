"""The cardholder's own page in Japanese."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

JAPANESE: Mapping[str, Sentence] = {
    "plan_page_link": "お支払いプラン",
    "plan_page_title": "お支払いプラン",
    "plan_page_purchase": "{shop}でのお買い物",
    "plan_page_card": "{brand}（末尾{last_four}）",
    "plan_page_state_created": "ショップがカードに請求した時点で、プランが始まります。",
    "plan_page_state_active": {"other": "残りのお支払いは{count}回です。"},
    "plan_page_state_completed": "すべてのお支払いが完了しました。残額はありません。",
    "plan_page_state_cancelled": "このプランは取り消されました。今後の引き落としはありません。",
    "plan_page_overdue": "引き落としができなかったお支払いがあります。カードがご利用可能かご確認ください。",
    "plan_page_held": (
        "返金の手続き中です。完了するまで引き落としは行われず、今後の金額が変わることがあります。"
    ),
    "plan_page_progress": "お支払い済み：{all}回中{paid}回",
    "plan_page_paid": "お支払い済みの金額",
    "plan_page_remaining": "残りの金額",
    "plan_page_next": "次回のお支払い",
    "plan_page_next_fact": "{date}に{amount}",
    "plan_page_runs_from_card": "お支払いは次のカードから引き落とされます：{card}",
    "plan_page_rows": "すべてのお支払い",
    "plan_page_row_status": "状況",
    "plan_page_row_paid": "支払済",
    "plan_page_row_due": "予定",
    "plan_page_row_overdue": "延滞中",
    "plan_page_row_cancelled": "取り消し",
    "plan_page_refunds": "返金",
    "plan_page_refund_pending": "{amount}：手続き中です。{start}から{end}の間に届く予定です。",
    "plan_page_refund_succeeded": "{amount}：{date}に完了しました。",
    "plan_page_refund_failed": "{amount}：この返金はできませんでした。ショップには連絡済みです。",
    "plan_page_refund_cancelled": "{amount}：ショップがこの返金を取り下げました。",
    "plan_page_refund_changes": "残りの金額：返金前 {before}、返金後 {after}",
    "plan_page_refund_cash": "カードに戻る金額：{amount}",
    "plan_page_early": "繰り上げ返済",
    "plan_page_early_by_issuer": (
        "このプランはカード会社が管理しています。繰り上げ返済は{lender}にお問い合わせください。"
    ),
    "plan_page_early_not_allowed": (
        "各お支払いは期日に引き落とされます。繰り上げ返済は{lender}にお問い合わせください。"
    ),
    "plan_page_early_under_way": "現在、引き落としの処理中です。数分後にもう一度ご確認ください。",
    "plan_page_early_refund_pending": "返金が完了すると、再び繰り上げ返済をご利用いただけます。",
    "plan_page_early_refused_too_often": (
        "繰り上げ返済が何度か承認されませんでした。{lender}にお問い合わせください。"
    ),
    "plan_page_early_next": "次回分を今すぐ支払う",
    "plan_page_early_rest": "残りをすべて今すぐ支払う",
    "plan_page_early_amount": "カードから{amount}",
    "plan_page_early_saves": "利息が{amount}軽減されます。",
    "plan_page_early_paid": "{date}に{amount}を繰り上げ返済していただきました。ありがとうございます。",
    "plan_page_early_asked": "{amount}の繰り上げ返済を処理中です。お手続きは必要ありません。",
    "plan_page_early_refused": (
        "{amount}の繰り上げ返済は承認されませんでした。請求は行われておらず、プランはこれまでどおり続きます。"
    ),
    "plan_page_check_title": "内容を確認して繰り上げ返済する",
    "plan_page_check_principal": "お買い物の代金分",
    "plan_page_check_interest": "利息",
    "plan_page_check_fee": "手数料",
    "plan_page_check_tax": "うち{tax}",
    "plan_page_check_amount": "今回のお支払い",
    "plan_page_check_saved": "軽減される利息",
    "plan_page_check_left": "お支払い後の残額",
    "plan_page_check_day": "この金額は本日（{date}）のみ有効です。",
    "plan_page_check_pay": "今すぐ{amount}を支払う",
    "plan_page_back": "プランに戻る",
    "plan_page_papers": "書類",
    "plan_page_agreement": "契約書",
    "plan_page_receipt": "領収書",
    "plan_page_record": "表示内容と合意内容（データファイル）",
    "plan_page_as_pdf": "{paper}（PDF）",
    "plan_page_rights": "知っておいていただきたいこと",
    "plan_page_lender": "貸主",
    "plan_page_keep": (
        "このページのアドレスを知っている人は、プランを見ることができます。他の人に教えないでください。"
    ),
    "plan_page_missing_title": "プランが見つかりません",
    "plan_page_missing_text": (
        "このアドレスのプランはないか、アドレスが新しくなっています。"
        "ショップに新しいアドレスをお問い合わせください。"
    ),
    "plan_page_stale_title": "金額が変わりました",
    "plan_page_stale_text": "請求は行われていません。プランに戻り、現在の金額をご確認ください。",
    "plan_page_paper_missing_title": "現在、この書類を作成できません",
    "plan_page_paper_missing_text": "ウェブページの形式を選ぶか、後でもう一度お試しください。",
}

"""Mails in Japanese."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

JAPANESE: Mapping[str, Sentence] = {
    # In every mail.
    "mail_test": "テストモード：実際の請求は発生しません。",
    "mail_order": "ご注文番号：{reference}",
    "mail_footer": "このメールは{shop}に代わって自動的に送信されています。返信いただいてもお読みできません。",
    "mail_number": "回",
    "mail_date": "期日",
    "mail_amount": "金額",
    "mail_total": "合計",
    "mail_plan_link": "お支払いプラン、お支払い状況、書類はこちら：",
    # The receipt.
    "mail_receipt_subject": "{shop}の領収書：{amount}",
    "mail_receipt_title": "{shop}でのお買い上げありがとうございます",
    "mail_receipt_text": {
        "other": "{creditor}のお支払いプランが始まりました。{amount}を{count}回でお支払いいただきます。",
    },
    "mail_receipt_paper": "領収書をPDFファイルで添付しています。",
    # A refund.
    "mail_refund_subject": "{shop}からの返金：{amount}",
    "mail_refund_title": "{shop}が{amount}を返金しました",
    "mail_refund_card": "このうち{amount}はカードに返金されます。",
    "mail_refund_left": {
        "other": "残りのお支払いは{count}回、合計{amount}です。",
    },
    "mail_refund_over": "お支払いプランは終了しました。今後のお支払いはありません。",
    # A missed payment.
    "mail_overdue_subject": "{shop}でのお買い物のお支払いが確認できませんでした",
    "mail_overdue_title": "お支払いを受け取れませんでした",
    "mail_overdue_text": "{shop}でのお買い物の第{number}回のお支払い{amount}は{date}が期日でしたが、カードか"
    "ら"
    "引き落とせませんでした。",
    "mail_overdue_again": "{date}にもう一度引き落としを行います。その日にカードをご利用いただけるようにして"
    "ください。",
    "mail_overdue_last": "再度の引き落としは行いません。お支払いについては{creditor}にご連絡ください。",
    "mail_overdue_help": "お支払いが難しい場合は、早めに{creditor}にご相談ください。お支払いが遅れた場合の扱"
    "いは"
    "契約書に記載されています。",
    # The right to withdraw.
    "mail_withdrawal_subject": "お支払いプランは{date}まで撤回できます",
    "mail_withdrawal_title": "契約を撤回する権利",
    "mail_withdrawal_text": "{accepted}に、{shop}でのお買い物について{creditor}とのお支払いプランに同意され"
    "ました。"
    "このクレジット契約は{date}まで（当日を含む）撤回できます。理由は必要ありません。",
    "mail_withdrawal_how": "撤回するには、その日が終わるまでに書面で{creditor}にお知らせください。",
    "mail_withdrawal_address": "住所：{address}",
    "mail_withdrawal_effect": "その後30日以内に、残りの金額と支払日までの利息をお支払いいただきます。お買い"
    "物自体は"
    "そのまま有効です。",
    # Webhooks that failed for good.
    "mail_webhook_subject": "{host}にイベントを届けられませんでした",
    "mail_webhook_title": "Webhookの送信を終了しました",
    "mail_webhook_text": {
        "other": "イベント{event}（{topic}）を{host}のエンドポイント{endpoint}に届けられませんでした。"
        "{count}回"
        "試みましたが、今後は送信しません。",
    },
    "mail_webhook_reason": "最後の結果：{reason}",
    "mail_webhook_next": "エンドポイントが応答するようになったら、イベントを再送してください：POST "
    "/v1/events/{event}/resend",
}

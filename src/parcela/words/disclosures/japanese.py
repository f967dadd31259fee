"""What is said of a plan beyond the ten facts, in Japanese. `{name}` is filled in."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

JAPANESE: Mapping[str, Sentence] = {
    # The names of the facts.
    "fact_label_creditor": "貸主",
    "fact_label_cash_price": "現金販売価格",
    "fact_label_amount_financed": "分割払いの対象額",
    "fact_label_finance_charge": "分割払手数料",
    "fact_label_total_of_payments": "お支払いの合計額",
    "fact_label_total_sale_price": "支払総額",
    "fact_label_duration": "お支払い期間",
    "fact_label_borrowing_rate": "借入利率",
    "fact_label_second_rate": "TEA",
    "fact_label_components": "総額の内訳",
    "fact_label_late_payment": "お支払いが遅れた場合",
    "fact_label_prepayment": "繰り上げ返済",
    "fact_label_withdrawal": "契約の取消し",
    "fact_label_complaints": "苦情のお申し出",
    "fact_label_credit_bureau": "信用情報機関",
    "fact_label_credit_warning": "ご注意",
    "fact_label_personalised": "お客様向けのご提案",
    "fact_label_creditworthiness": "与信審査",
    "fact_label_informative": "この利率について",
    "fact_label_card_account": "カードのご契約",
    "fact_label_further_information": "その他の情報",
    "fact_label_continuous_authority": "継続的な引落しの承認",
    "fact_label_rate": "{label}（{country}）",
    # What they say.
    "fact_separator": "、",
    "fact_duration": "{count}か月（最終のお支払いは{date}）",
    "fact_rate_a_year": "年{percent}（固定）",
    "fact_rate_with_fees": "年{percent}（固定）。手数料を含めた{label}は{rate}",
    "fact_component": "{name}：{amount}（{share}）",
    "fact_component_financed": "ご購入額",
    "fact_component_interest": "利息",
    "fact_component_fees": "手数料",
    "fact_component_tax": "IOF（税）",
    "fact_component_total": "お支払いの合計",
    # A sentence of ours for each that the creditor's counsel has not given.
    "fact_late_payment": (
        "期日までにお支払いください。遅れた場合の費用とその影響は、プランの規約に記載されています。"
    ),
    "fact_prepayment": (
        "繰り上げ返済をご希望の場合は、{creditor}にご連絡ください。その場合の取扱いは、"
        "プランの規約に記載されています。"
    ),
    "fact_withdrawal": "プランの取消しや解約の可否と方法は、プランの規約に記載されています。",
    "fact_withdrawal_eu": (
        "14日以内であれば、理由を示さずにクレジット契約を撤回できます。{creditor}にお知らせください。"
    ),
    "fact_complaints": (
        "まず{creditor}にご連絡ください。合意に至らない場合の申出先は、プランの規約に記載されています。"
    ),
    "fact_complaints_uk": (
        "まず{creditor}にご連絡ください。回答にご納得いただけない場合は、Financial Ombudsman "
        "Serviceに申し立てることができます。"
    ),
    "fact_credit_bureau": (
        "{creditor}は、お客様について信用情報機関に照会し、このプランを登録することがあります。"
    ),
    "fact_personalised": "このご提案は、自動処理によりお客様向けに作成されました。",
    "fact_creditworthiness": "{creditor}は、プランの承認前に、お客様のお支払い能力を確認します。",
    "fact_further_information": (
        "撤回や解約、早期のお支払い、苦情のお申し出に関するお客様の権利は、"
        "ご契約前に読んで保存できる情報に記載されています。"
    ),
    "fact_continuous_authority": (
        "{creditor}は、各回のお支払いをお客様のカードから引き落とします。お客様は継続的な引落しを承認することになります。この承認は、{creditor}またはカード会社に連絡"
        "することで、いつでも取り消せます。その場合、残りは別の方法でお支払いください。"
    ),
    "fact_credit_warning": "ご注意ください。お金を借りるには費用がかかります。",
    "fact_informative": "{label}は付加価値税を含まず、情報提供と比較のためのものです。計算日：{date}。",
    "fact_card_account": (
        "{creditor}とのカード契約の規約が適用されます。表示の利率（{label}）は比較のためのものです。"
    ),
}

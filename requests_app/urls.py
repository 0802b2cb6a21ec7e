from __future__ import annotations

from django.urls import path

from requests_app.views import answers, behalf, certificates, correcting, fetching, filing, limits, messages, own, recipients, transfer

app_name = "requests"

urlpatterns = [
    path("", own.index, name="list"),
    path("new/", filing.new, name="new"),
    path("for/<slug:behalf>/", behalf.new, name="for_another"),
    path("represented/", behalf.represented_again, name="represented_again"),
    path("acted-for/<slug:proof>/", behalf.acted_for, name="acted_for"),
    path("represented/<slug:proof>/", behalf.represented, name="represented"),
    path("represented/<slug:proof>/no/", behalf.decline, name="represented_no"),
    path("code/", filing.code, name="code"),
    path("code/again/", filing.code_again, name="code_again"),
    path("confirm/<slug:proof>/", filing.confirm, name="confirm"),
    path("certificate/<slug:token>/", certificates.show, name="certificate"),
    path("certificate/<slug:token>/pdf/", certificates.pdf, name="certificate_pdf"),
    path("certificate/<slug:token>/data/", certificates.data, name="certificate_data"),
    path("told/<slug:token>/", recipients.show, name="recipient_notice"),
    path("leave/", own.leave, name="leave"),
    path("child/", limits.report_child_account, name="report_child"),
    path("child/thanks/", limits.report_taken, name="report_taken"),
    path("correct/", correcting.choose, name="correct"),
    path("correct/in/<str:source>/", correcting.records, name="correct_source"),
    path("correct/<int:pk>/", correcting.item, name="correct_item"),
    path("correct/<int:pk>/remove/", correcting.remove, name="correct_remove"),
    path("<slug:ref>/", own.detail, name="detail"),
    path("<slug:ref>/code/", own.send_code, name="send_code"),
    path("<slug:ref>/proof/", behalf.proof, name="proof"),
    path("<slug:ref>/stop/", behalf.stop, name="stop"),
    path("<slug:ref>/withdraw/", own.withdraw, name="withdraw"),
    path("<slug:ref>/reopen/", own.reopen, name="reopen"),
    path("<slug:ref>/reply/", answers.reply, name="reply"),
    path("<slug:ref>/review/", answers.review, name="review"),
    path("<slug:ref>/letter/", answers.letter, name="letter"),
    path("<slug:ref>/messages/", messages.write, name="messages"),
    path("<slug:ref>/files/<slug:public_id>/", messages.attachment, name="attachment"),
    path("<slug:ref>/child-answer/", limits.answer_child_report, name="answer_child_report"),
    path("<slug:ref>/corrections/<int:pk>/note/", correcting.note, name="annotate"),
    path("<slug:ref>/fetch/", fetching.fetch, name="fetch"),
    path("<slug:ref>/fetch/open/", fetching.open_bundle_download, name="open_download"),
    path("<slug:ref>/transfer/", transfer.choose, name="transfer"),
    path("<slug:ref>/transfer/confirm/", transfer.confirm, name="transfer_confirm"),
    path("<slug:ref>/transfer/start/", transfer.start, name="transfer_start"),
    path("<slug:ref>/transfer/stop/", transfer.stop, name="transfer_stop"),
    path("<slug:ref>/bundle/", fetching.bundle, name="bundle"),
]

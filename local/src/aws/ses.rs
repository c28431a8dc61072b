//! SES: mails go into the mailbox.

use axum::http::StatusCode;
use serde_json::{Value, json};
use shared::time::Timestamp;
use uuid::Uuid;

use super::Refusal;
use crate::mailbox::{Mail, Mailbox};

/// The path of the one call.
pub(super) const SEND_EMAIL: &str = "/v2/email/outbound-emails";

/// Takes a mail with simple content, the only kind that the shop sends.
pub(super) fn send_email(request: &Value, mailbox: &Mailbox, now: Timestamp) -> Result<Value, Refusal> {
    let content = &request["Content"]["Simple"];
    let to: Vec<_> =
        request["Destination"]["ToAddresses"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let headers = content["Headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mail = Mail {
        message_id: Uuid::new_v4(),
        from: text(&request["FromEmailAddress"]),
        to: to.join(", "),
        subject: text(&content["Subject"]["Data"]),
        html: text(&content["Body"]["Html"]["Data"]),
        text: text(&content["Body"]["Text"]["Data"]),
        headers: headers.iter().map(|header| (text(&header["Name"]), text(&header["Value"]))).collect(),
        sent_at: now,
    };
    let missing = [
        ("FromEmailAddress", mail.from.is_empty()),
        ("Destination.ToAddresses", mail.to.is_empty()),
        ("Content.Simple.Subject", mail.subject.is_empty()),
        ("Content.Simple.Body", mail.html.is_empty() && mail.text.is_empty()),
    ];
    if let Some((name, _)) = missing.iter().find(|(_, is_missing)| *is_missing) {
        return Err(Refusal::new("BadRequestException", format!("{name} is missing")));
    }
    if let Some(refusal) = mailbox.next_refusal(&mail) {
        let (status, code, message) = refusal.answer(&mail.to);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        return Err(Refusal { status, code, message });
    }
    let answer = json!({"MessageId": mail.message_id});
    mailbox.deliver(mail)?;
    Ok(answer)
}

/// The address that a mail comes from, without the name that may stand before it.
pub(super) fn sender_of(request: &Value) -> &str {
    let sender = request["FromEmailAddress"].as_str().unwrap_or_default();
    sender.rsplit_once('<').and_then(|(_, address)| address.strip_suffix('>')).unwrap_or(sender)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Folder;
    use crate::mailbox;

    #[test]
    fn a_mail_is_kept_and_an_incomplete_one_refused() {
        let mailbox = Mailbox::open(Folder::open(None, "mails").unwrap()).unwrap();
        let mut request = json!({
            "FromEmailAddress": "shop@example.com",
            "Destination": {"ToAddresses": ["ada@example.com"]},
            "Content": {"Simple": {
                "Subject": {"Data": "Hello"},
                "Body": {"Text": {"Data": "Hi"}},
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<mailto:shop@example.com>"}],
            }},
        });
        send_email(&request, &mailbox, Timestamp::from_millis(7)).unwrap();
        let mail = mailbox.newest_first().remove(0);
        assert_eq!((mail.to.as_str(), mail.subject.as_str(), mail.text.as_str()), ("ada@example.com", "Hello", "Hi"));
        assert_eq!(mail.headers["List-Unsubscribe"], "<mailto:shop@example.com>");

        mailbox.refuse("ada@example.com", "Hi", mailbox::Refusal::TooManyRequests, 1);
        let refused = send_email(&request, &mailbox, mail.sent_at).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code), (429, "TooManyRequestsException"));
        request["Destination"] = json!({});
        assert_eq!(send_email(&request, &mailbox, mail.sent_at).unwrap_err().code, "BadRequestException");
        assert_eq!(mailbox.newest_first().len(), 1);
    }
}

//! Two lists made one: our entries, then another helper's, each of its bytes as it was.

use super::reply::{Reply, entry};
use super::request::{SecretId, SecretType};
use super::server_url::to_url;
use crate::target::HostArgument;

/// The reply to `list`. What the other helper said is passed on as it is if it is no list.
pub(super) fn reply(ours: &[HostArgument], filter: &SecretType, theirs: Option<Reply>) -> Reply {
    let mut entries: Vec<Vec<u8>> = Vec::new();
    let mut urls: Vec<String> = Vec::new();
    for database in ours {
        let url = to_url(database);
        if !urls.contains(&url) {
            entries.push(entry(&SecretId { secret_type: SecretType::Password, url: url.clone() }));
            urls.push(url);
        }
    }
    if let Some(theirs) = theirs {
        let Some(elements) = elements(&theirs.stdout) else { return theirs };
        for element in elements {
            // An older Shell fails on a type that it does not know; a newer one drops what it did not ask for.
            let is_wanted = element.secret_type == filter.name() && !urls.contains(&element.url);
            if is_wanted {
                entries.push(element.bytes.to_vec());
            }
        }
    }
    let mut json = vec![b'['];
    json.extend_from_slice(&entries.join(&b','));
    json.push(b']');
    Reply::success(json)
}

struct Element<'a> {
    bytes: &'a [u8],
    secret_type: String,
    url: String,
}

/// The elements of a JSON array of objects. Bytes that are not UTF-8 stay as they are: they stand inside of strings only.
fn elements(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let bytes = bytes.trim_ascii();
    let values: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(&String::from_utf8_lossy(bytes)).ok()?;
    let inner = bytes.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let parts = split(inner);
    (parts.len() == values.len()).then_some(())?;
    let text = |value: &serde_json::Map<String, serde_json::Value>, key: &str| {
        value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let element = |(bytes, value): (_, &serde_json::Map<_, _>)| {
        let url = [text(value, "ServerURL"), text(value, "SecretID")].into_iter().find(|url| !url.is_empty());
        Element { bytes, secret_type: text(value, "SecretType"), url: url.unwrap_or_default() }
    };
    Some(parts.into_iter().zip(&values).map(element).collect())
}

/// Splits the inside of a valid JSON array at its own commas.
fn split(inner: &[u8]) -> Vec<&[u8]> {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let parts = inner.split(|byte| {
        if in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *byte == b',' && depth == 0
    });
    parts.map(<[u8]>::trim_ascii).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(output: &[u8]) -> Reply {
        Reply::success(output.to_vec())
    }

    fn merged(urls: &[&str], filter: &SecretType, theirs: &[u8]) -> Vec<u8> {
        let ours: Vec<HostArgument> = urls.iter().map(|url| HostArgument::parse(url).unwrap()).collect();
        reply(&ours, filter, Some(said(theirs))).stdout.to_vec()
    }

    #[test]
    fn lists_are_merged_to_the_byte() {
        const OURS: &str = r#"{"SecretType":"password","SecretID":"u@a:3306","ServerURL":"u@a:3306"}"#;
        let theirs = r#"{"SecretType":"password","ServerURL":"x,y\"]@b"}"#;
        let odd = b"{\"SecretType\":\"password\",\"ServerURL\":\"\xff,{[@b\",\"More\":[{},{\"a\":1}]}";
        let generic = r#"{"SecretType":"generic","SecretID":"k","ServerURL":"k"}"#;
        let of = |parts: &[&[u8]]| [b"[".as_slice(), &parts.join(&b','), b"]"].concat();
        let [ours, theirs, generic] = [OURS, theirs, generic].map(str::as_bytes);
        for (urls, filter, said, expected) in [
            (&[][..], SecretType::Password, b"[]".to_vec(), of(&[])),
            (&["u@a:3306"], SecretType::Password, b" [ ] \n".to_vec(), of(&[ours])),
            (&["u@a:3306", "u@a:3306"], SecretType::Password, of(&[theirs, odd]), of(&[ours, theirs, odd])),
            // The previous helper's own entry of the same URL is the same line to the person.
            (&["u@a:3306"], SecretType::Password, of(&[ours, theirs]), of(&[ours, theirs])),
            (&[], SecretType::Password, of(&[generic, theirs]), of(&[theirs])),
            (&[], SecretType::Generic, of(&[generic, theirs]), of(&[generic])),
            (
                &[],
                SecretType::Password,
                b"[ {\"SecretType\" : \"password\"} ]".to_vec(),
                of(&[b"{\"SecretType\" : \"password\"}"]),
            ),
            // No list: the Shell is to say what it thinks of it.
            (&["u@a:3306"], SecretType::Password, b"warning\n[]".to_vec(), b"warning\n[]".to_vec()),
            (&["u@a:3306"], SecretType::Password, b"[1]".to_vec(), b"[1]".to_vec()),
            (&["u@a:3306"], SecretType::Password, b"".to_vec(), b"".to_vec()),
        ] {
            let found = merged(urls, &filter, &said);
            assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&expected));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn without_another_helper_the_list_is_ours() {
        assert_eq!(**reply(&[], &SecretType::Password, None).stdout, *b"[]");
    }
}

//! Framing and decoding, at their edges.

use super::login::Reader;
use super::*;

#[test]
fn long_payloads_are_split_and_joined() {
    for length in [0, 1, LONGEST_FRAME - 1, LONGEST_FRAME, LONGEST_FRAME + 1, 2 * LONGEST_FRAME] {
        let payload: Vec<u8> = (0..=250).cycle().take(length).collect();
        let mut writer = Packets::new(io::Cursor::new(Vec::new()));
        writer.send(&payload).unwrap();
        let (written, sequence) = writer.into_parts();
        assert_eq!(usize::from(sequence), length / LONGEST_FRAME + 1, "{length}");
        let mut reader = Packets::new(io::Cursor::new(written.into_inner()));
        assert_eq!(reader.read(usize::MAX).unwrap(), Some(payload));
        assert_eq!(reader.read(usize::MAX).unwrap(), None);
    }
}

#[test]
fn frames_out_of_order_and_too_long_payloads_are_refused() {
    let mut reader = Packets::new(io::Cursor::new(vec![1, 0, 0, 3, 0x0e]));
    assert_eq!(reader.read(16).unwrap_err().kind(), io::ErrorKind::InvalidData);
    let mut reader = Packets::new(io::Cursor::new(vec![17, 0, 0, 0]));
    assert_eq!(reader.read(16).unwrap_err().kind(), io::ErrorKind::InvalidData);
    let mut reader = Packets::new(io::Cursor::new(vec![2, 0, 0, 0, 1]));
    assert_eq!(reader.read(16).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn lengths_use_the_shortest_form() {
    for (value, expected) in [
        (250_u64, vec![250]),
        (251, vec![0xfc, 251, 0]),
        (0x1_0000, vec![0xfd, 0, 0, 1]),
        (0x100_0000, vec![0xfe, 0, 0, 0, 1, 0, 0, 0, 0]),
    ] {
        let mut out = Vec::new();
        put_length(&mut out, value);
        assert_eq!(out, expected);
        assert_eq!(Reader(&out).length(), Some(value));
    }
}

#[test]
fn a_truncated_login_is_refused_not_misread() {
    let mut payload = (capability::PROTOCOL_41 | capability::PLUGIN_AUTH | capability::PLUGIN_AUTH_LENENC_DATA)
        .to_le_bytes()
        .to_vec();
    payload.extend_from_slice(&[0; 28]);
    payload.extend_from_slice(b"dba\0");
    put_value(&mut payload, Some(b"answer"));
    payload.extend_from_slice(b"mysql_native_password\0");
    let login = Login::decode(&payload).unwrap();
    assert_eq!((login.user.as_str(), login.answer.as_slice()), ("dba", b"answer".as_slice()));
    assert_eq!(login.plugin.as_deref(), Some("mysql_native_password"));
    for cut in 0..42 {
        assert!(Login::decode(&payload[..cut]).is_none(), "{cut}");
    }
}

#[test]
fn what_one_end_writes_the_other_reads() {
    let greeting = Greeting {
        version: "8.0.40".to_owned(),
        connection: 0x0102_0304,
        scramble: *b"abcdefghijklmnopqrst",
        capabilities: capability::SERVER | capability::SSL,
        plugin: "mysql_native_password".to_owned(),
    };
    let payload = greeting.encode();
    let read = Greeting::decode(&payload).unwrap();
    assert_eq!(format!("{read:?}"), format!("{greeting:?}"));
    for cut in 0..payload.len() - greeting.plugin.len() - 1 {
        assert!(Greeting::decode(&payload[..cut]).is_none(), "{cut}");
    }
    assert!(is_tls_request(&tls_request(0)));
    for (database, plugin) in [(None, None), (Some("orders"), None), (Some("orders"), Some("mysql_clear_password"))] {
        let login = Login {
            capabilities: capability::PLUGIN_AUTH | capability::CONNECT_ATTRS,
            user: "dba".to_owned(),
            answer: vec![7; 1500],
            database: database.map(str::to_owned),
            plugin: plugin.map(str::to_owned),
            attributes: vec![("program_name".to_owned(), "lab".to_owned())],
        };
        // Without the name of a plugin there must be no flag for it either, or the attributes are taken for it.
        let flags = if plugin.is_some() { login.capabilities } else { capability::CONNECT_ATTRS };
        let login = Login { capabilities: flags, ..login };
        let read = Login::decode(&login.encode()).unwrap();
        assert!(!is_tls_request(&login.encode()));
        assert_eq!((&read.user, &read.answer, &read.database), (&login.user, &login.answer, &login.database));
        assert_eq!((&read.plugin, &read.attributes), (&login.plugin, &login.attributes));
    }
    let mut row = Vec::new();
    for value in [Some(&b"one"[..]), None, Some(&[0xfb; 300][..])] {
        put_value(&mut row, value);
    }
    assert_eq!(values(&row), [Some(b"one".to_vec()), None, Some(vec![0xfb; 300])]);
    assert_eq!(values(&row[..row.len() - 1]).len(), 2);
}

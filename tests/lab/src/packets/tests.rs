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

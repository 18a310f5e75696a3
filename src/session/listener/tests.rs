//! What `--listen` takes, and who is told of a port that is taken.

use super::*;

#[test]
fn addresses_are_read_and_printed_alike() {
    type Expected = Result<ListenAddress, fn(&ListenAddressError) -> bool>;
    let form = |error: &ListenAddressError| matches!(error, ListenAddressError::Form { .. });
    let not_loopback = |error: &ListenAddressError| matches!(error, ListenAddressError::NotLoopback { .. });
    let cases: [(&str, Expected); 14] = [
        ("127.0.0.1:3307", Ok(ListenAddress::Loopback(3307))),
        ("127.0.0.1:0", Ok(ListenAddress::Loopback(0))),
        ("localhost:3307", Ok(ListenAddress::Loopback(3307))),
        ("3307", Ok(ListenAddress::Loopback(3307))),
        ("unix:/run/me/orders.sock", Ok(ListenAddress::Socket("/run/me/orders.sock".into()))),
        ("unix:orders.sock", Ok(ListenAddress::Socket("orders.sock".into()))),
        ("unix:", Err(form)),
        ("", Err(form)),
        ("127.0.0.1:", Err(form)),
        ("127.0.0.1:+1", Err(form)),
        ("127.0.0.1:65536", Err(form)),
        ("0.0.0.0:3307", Err(not_loopback)),
        ("*:3307", Err(not_loopback)),
        ("192.168.0.7:3307", Err(not_loopback)),
    ];
    for (text, expected) in cases {
        match (text.parse::<ListenAddress>(), expected) {
            (Ok(read), Ok(expected)) => {
                assert_eq!(read, expected, "{text:?}");
                assert_eq!(read.to_string().parse(), Ok(read));
            }
            (Err(error), Err(expected)) => assert!(expected(&error), "{text:?}: {error:?}"),
            (read, _) => panic!("{text:?}: {read:?}"),
        }
    }
}

#[tokio::test]
async fn r14_a_taken_port_is_told_with_its_holder_and_port_0_never_clashes() {
    let first = Listener::bind(&ListenAddress::default()).await.unwrap();
    let ListenAddress::Loopback(port) = first.address() else { panic!("{first:?}") };
    let error = Listener::bind(&ListenAddress::Loopback(port)).await.unwrap_err();
    assert!(matches!(error, ListenError::PortTaken { .. }), "{error:?}");
    if cfg!(target_os = "linux") {
        let message = error.to_string();
        assert!(message.starts_with(&format!("port {port} is taken by process {} (", std::process::id())), "{message}");
    }
    let mut all = Vec::new();
    for _ in 0..1000 {
        all.push(Listener::bind(&ListenAddress::default()).await.unwrap());
    }
}

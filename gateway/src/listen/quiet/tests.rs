use super::*;
use futures_util::stream;
use std::convert::Infallible;
use tokio::io::duplex;

fn saying(words: &[&'static str], ends: bool) -> Response<Body> {
    let words: Vec<_> = words
        .iter()
        .map(|word| Ok::<_, Infallible>(*word))
        .collect();
    let words = stream::iter(words);
    use futures_util::StreamExt as _;
    let body = if ends {
        Body::from_stream(words)
    } else {
        Body::from_stream(words.chain(stream::pending()))
    };
    let mut response = Response::new(body);
    response.headers_mut().insert("x-a", "b".parse().unwrap());
    response
}

async fn tell(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    response: Response<Body>,
) -> io::Result<()> {
    let stop = CancellationToken::new();
    super::tell(stream, response, Patience::default(), stop).await
}

#[tokio::test]
async fn a_response_is_written_in_chunks_to_its_end() {
    let (ours, mut theirs) = duplex(4096);
    tell(ours, saying(&["one", "", "twelve bytes"], true))
        .await
        .unwrap();
    let mut seen = String::new();
    theirs.read_to_string(&mut seen).await.unwrap();
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\nx-a: b\r\ndate: "),
        "{head}"
    );
    assert!(head.ends_with("transfer-encoding: chunked\r\nconnection: close"));
    assert_eq!(body, "3\r\none\r\nc\r\ntwelve bytes\r\n0\r\n\r\n");
}

#[tokio::test]
async fn who_closes_is_noticed_at_once_and_who_speaks_is_not_heard() {
    let (ours, theirs) = duplex(4096);
    drop(theirs);
    assert!(tell(ours, saying(&[], false)).await.is_err());
    let (ours, mut theirs) = duplex(4096);
    let telling = tokio::spawn(tell(ours, saying(&[], false)));
    let mut head = [0; 16];
    theirs.read_exact(&mut head).await.unwrap();
    theirs.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    tokio::task::yield_now().await;
    assert!(!telling.is_finished());
    telling.abort();
    let (ours, mut theirs) = duplex(4096);
    let telling = tokio::spawn(tell(ours, saying(&[], false)));
    theirs.read_exact(&mut head).await.unwrap();
    theirs.shutdown().await.unwrap();
    assert!(telling.await.unwrap().is_ok());
}

#[tokio::test]
async fn only_a_quiet_response_is_handed_over() {
    let handover = Handover::default();
    let response = handover.leave(saying(&[], true)).await;
    assert!(handover.take().is_none());
    let mut quiet = response;
    quiet.extensions_mut().insert(Quiet);
    let left = handover.leave(quiet);
    tokio::select! {
        biased;
        _ = left => panic!("the request goes on"),
        () = async {} => {}
    }
    assert!(handover.take().is_some() && handover.take().is_none());
}

#[test]
fn who_reads_no_chunks_keeps_the_ordinary_way() {
    let mut request = Request::new(());
    assert!(Handover::is_for(&request));
    *request.version_mut() = Version::HTTP_10;
    assert!(!Handover::is_for(&request));
}

#[tokio::test]
async fn nothing_is_handed_over_while_something_before_it_is_not_written() {
    let handover = Handover::default();
    *handover.left() = Some(saying(&[], true));
    let (ours, mut theirs) = duplex(4);
    let mut ours = handover.watch(ours);
    ours.write_all(b"1234").await.unwrap();
    tokio::select! {
        biased;
        _ = ours.write_all(b"5678") => panic!("there is no room"),
        () = async {} => {}
    }
    assert!(handover.take().is_none());
    theirs.read_exact(&mut [0; 4]).await.unwrap();
    ours.write_all(b"5678").await.unwrap();
    assert!(handover.take().is_some());
}

#[tokio::test]
async fn who_speaks_a_little_is_told_on_and_who_speaks_on_is_given_up() {
    let (ours, mut theirs) = duplex(4096);
    let (sender, body) = tokio::sync::mpsc::channel::<Result<&str, Infallible>>(1);
    let body = stream::unfold(body, |mut body| async { Some((body.recv().await?, body)) });
    let telling = tokio::spawn(tell(ours, Response::new(Body::from_stream(body))));
    let few = [b'x'; 16 << 10];
    theirs.write_all(&few).await.unwrap();
    sender.send(Ok("an event")).await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"an event\r\n") {
        assert!(theirs.read_buf(&mut seen).await.unwrap() > 0);
    }
    theirs.write_all(b"x").await.unwrap();
    let ended = telling.await.unwrap().unwrap_err();
    assert_eq!(ended.kind(), io::ErrorKind::InvalidData);
}

/// Reads a byte now and then.
async fn drip(mut theirs: impl AsyncRead + Unpin) {
    while theirs.read_u8().await.is_ok() {
        time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn who_reads_a_piece_too_slowly_is_given_up_although_it_reads() {
    let long = "x".repeat(300);
    let response = || Response::new(Body::from(long.clone()));
    for (piece, expected) in [(100, Some(io::ErrorKind::TimedOut)), (60_000, None)] {
        let (ours, theirs) = duplex(16);
        let patience = Patience {
            piece: Duration::from_millis(piece),
            ..Patience::default()
        };
        let stop = CancellationToken::new();
        let dripping = tokio::spawn(drip(theirs));
        let told = super::tell(ours, response(), patience, stop).await;
        assert_eq!(told.err().map(|error| error.kind()), expected, "{piece}");
        dripping.await.unwrap();
    }
}

#[tokio::test]
async fn after_a_stop_a_client_has_a_moment_to_read_what_is_left_and_no_more() {
    let patience = Patience {
        farewell: Duration::from_millis(100),
        ..Patience::default()
    };
    let stop = CancellationToken::new();
    stop.cancel();
    let (ours, _unread) = duplex(4);
    let blocked = super::tell(ours, saying(&["goodbye"], true), patience, stop.clone()).await;
    assert_eq!(blocked.unwrap_err().kind(), io::ErrorKind::TimedOut);
    let (ours, mut theirs) = duplex(4096);
    let ended = super::tell(ours, saying(&["goodbye"], true), patience, stop).await;
    assert!(ended.is_ok());
    let mut seen = String::new();
    theirs.read_to_string(&mut seen).await.unwrap();
    assert!(seen.ends_with("goodbye\r\n0\r\n\r\n"));
}

//! Downloads as a user meets them, from a server that sends something else.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

/// Serves every request on a port of its own: says that `announced` bytes come, and sends `body`.
fn serve(announced: usize, body: &'static [u8]) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).expect("a request");
            let header = format!("HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\nConnection: close\r\n\r\n");
            stream.write_all(header.as_bytes()).and_then(|()| stream.write_all(body)).expect("sent");
        }
    });
    address
}

/// Asserts exit code 2 and a line on stderr that holds `word`.
fn refused(args: &[&str], dir: &Path, word: &str) {
    let program = env!("CARGO_BIN_EXE_amc-fetch");
    let output = Command::new(program).args(args).current_dir(dir).output().expect("amc-fetch starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(stderr.contains(word) && !stderr.contains("panicked"), "{args:?}: {word:?} is not in {stderr:?}");
}

#[test]
fn a_download_that_is_wrong_or_breaks_off_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    for (announced, word) in [(9, "MD5"), (20, "train-images-idx3-ubyte.gz")] {
        let url = serve(announced, b"not MNIST");
        refused(&["mnist", "--data-dir", "d", "--url", &url], dir.path(), word);
        assert_eq!(fs::read_dir(dir.path().join("d")).expect("the folder").count(), 0);
    }
}

#[test]
fn each_set_has_a_folder_of_its_own() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = serve(9, b"not MNIST");
    for name in ["mnist", "fashion-mnist"] {
        refused(&[name, "--url", &url], dir.path(), "MD5");
        assert!(dir.path().join("data").join(name).is_dir(), "{name}");
    }
}

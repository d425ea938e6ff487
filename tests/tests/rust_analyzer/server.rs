//! A language server, and the side of the editor.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// When it is certain that no answer comes. It takes seconds.
const LIMIT: Duration = Duration::from_secs(300);

/// What the server says when what it was asked about has changed meanwhile: it is to be asked again.
const CONTENT_MODIFIED: i64 = -32801;
const SERVER_CANCELLED: i64 = -32802;

pub(crate) struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    root: String,
    requests: i64,
    versions: i64,
    /// Whether it has nothing left to do.
    quiescent: bool,
    /// What `cargo check` has to say, by file.
    published: HashMap<String, Vec<Value>>,
}

impl Server {
    /// Starts the server for the package in the folder `root`.
    pub(crate) fn start(command: &mut Command, root: &Path, options: &Value) -> Server {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            while let Some(message) = receive(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let root = uri(root);
        let mut server = Server {
            process,
            input,
            messages,
            root,
            requests: 0,
            versions: 0,
            quiescent: false,
            published: HashMap::new(),
        };
        let capabilities = json!({
            "textDocument": {
                "diagnostic": {},
                "hover": { "contentFormat": ["plaintext"] },
                "publishDiagnostics": {},
            },
            "experimental": { "serverStatusNotification": true },
        });
        let initialize = json!({
            "processId": null,
            "rootUri": server.root,
            "capabilities": capabilities,
            "initializationOptions": options,
        });
        server.request("initialize", &initialize);
        server.notify("initialized", &json!({}));
        server
    }

    /// The editor shows a file of the package.
    pub(crate) fn open(&mut self, path: &str, text: &str) {
        let document = json!({
            "uri": self.uri(path), "languageId": "rust", "version": 0, "text": text,
        });
        self.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// The editor no longer shows a file.
    pub(crate) fn close(&mut self, path: &str) {
        let document = json!({ "textDocument": { "uri": self.uri(path) } });
        self.notify("textDocument/didClose", &document);
    }

    /// An open file is edited.
    pub(crate) fn edit(&mut self, path: &str, text: &str) {
        self.versions += 1;
        let document = json!({ "uri": self.uri(path), "version": self.versions });
        let change = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.notify("textDocument/didChange", &change);
    }

    /// An open file is saved.
    pub(crate) fn save(&mut self, path: &str) {
        let document = json!({ "textDocument": { "uri": self.uri(path) } });
        self.notify("textDocument/didSave", &document);
    }

    /// A Rust file has come (1), changed (2) or gone (3) on disk.
    pub(crate) fn watched(&mut self, path: &str, kind: u8) {
        let change = json!({ "uri": self.uri(path), "type": kind });
        let changes = json!({ "changes": [change] });
        self.notify("workspace/didChangeWatchedFiles", &changes);
    }

    /// What the server itself has to say about a file: the line, from 1, and the message.
    pub(crate) fn diagnostics(&mut self, path: &str) -> Vec<String> {
        let document = json!({ "textDocument": { "uri": self.uri(path) } });
        let report = self.request("textDocument/diagnostic", &document);
        lines(report["items"].as_array().unwrap())
    }

    /// Returns once this is what `cargo check` has to say about a file.
    pub(crate) fn checked(&mut self, path: &str, expected: &[&str]) {
        let uri = self.uri(path);
        self.until(&format!("{expected:?}"), |server| {
            let said = server.published.get(&uri).map(|all| lines(all));
            said.is_some_and(|said| said == expected)
        });
    }

    /// What is shown for the first `word` in the text of a file; empty when nothing is.
    pub(crate) fn hover(&mut self, path: &str, text: &str, word: &str) -> String {
        let at = self.at(path, text, word);
        let shown = self.request("textDocument/hover", &at);
        shown["contents"]["value"].as_str().unwrap_or("").to_owned()
    }

    /// Where the first `word` in the text of a file is defined: the address and the line, from 1.
    pub(crate) fn definition(&mut self, path: &str, text: &str, word: &str) -> String {
        let at = self.at(path, text, word);
        let places = self.request("textDocument/definition", &at);
        let place = &places[0];
        let uri = place["uri"].as_str().unwrap_or("nowhere");
        let line = place["range"]["start"]["line"].as_i64().unwrap_or(-1);
        format!("{}:{}", uri.trim_start_matches(&self.root), line + 1)
    }

    /// Returns once the server has nothing left to do.
    pub(crate) fn quiet(&mut self) {
        self.until("quiet", |server| server.quiescent);
    }

    fn at(&self, path: &str, text: &str, word: &str) -> Value {
        let before = &text[..text.find(word).expect(word)];
        let line = before.matches('\n').count();
        let character = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
        json!({
            "textDocument": { "uri": self.uri(path) },
            "position": { "line": line, "character": character },
        })
    }

    fn uri(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    fn request(&mut self, method: &str, parameters: &Value) -> Value {
        loop {
            self.requests += 1;
            let id = self.requests;
            self.send(&json!({ "id": id, "method": method, "params": parameters }));
            let answer = loop {
                let message = self.next(method, Instant::now() + LIMIT);
                if message["id"] == id && message["method"].is_null() {
                    break message;
                }
                self.take(&message);
            };
            match answer["error"]["code"].as_i64() {
                None => return answer["result"].clone(),
                Some(CONTENT_MODIFIED | SERVER_CANCELLED) => {
                    thread::sleep(Duration::from_millis(50));
                }
                Some(_) => panic!("{method}: {}", answer["error"]),
            }
        }
    }

    fn notify(&mut self, method: &str, parameters: &Value) {
        self.send(&json!({ "method": method, "params": parameters }));
    }

    fn until(&mut self, what: &str, holds: impl Fn(&Server) -> bool) {
        let end = Instant::now() + LIMIT;
        while !holds(self) {
            let message = self.next(what, end);
            self.take(&message);
        }
    }

    fn next(&mut self, what: &str, end: Instant) -> Value {
        let left = end.saturating_duration_since(Instant::now());
        let message = self.messages.recv_timeout(left);
        message.unwrap_or_else(|error| panic!("waiting for {what}: {error}"))
    }

    /// Takes a message that is no answer.
    fn take(&mut self, message: &Value) {
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("experimental/serverStatus") => {
                self.quiescent = parameters["quiescent"] == true;
                assert_ne!(parameters["health"], "error", "{parameters}");
            }
            Some("textDocument/publishDiagnostics") => {
                let uri = parameters["uri"].as_str().unwrap().to_owned();
                let diagnostics = parameters["diagnostics"].as_array().unwrap().clone();
                self.published.insert(uri, diagnostics);
            }
            _ => {}
        }
        // It asks for nothing that a test would have to answer in another way.
        if message["method"].is_string() && !message["id"].is_null() {
            self.send(&json!({ "id": message["id"], "result": null }));
        }
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.request("shutdown", &Value::Null);
            self.notify("exit", &Value::Null);
        } else {
            // Without a test that goes on, nothing is lost with it.
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// The next message, until there is none any more.
fn receive(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn lines(diagnostics: &[Value]) -> Vec<String> {
    let line = |diagnostic: &Value| {
        let line = diagnostic["range"]["start"]["line"].as_i64().unwrap();
        format!("{}: {}", line + 1, diagnostic["message"].as_str().unwrap())
    };
    diagnostics.iter().map(line).collect()
}

/// The address of a file.
fn uri(path: &Path) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.to_str().unwrap().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into());
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

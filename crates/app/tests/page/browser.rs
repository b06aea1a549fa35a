//! A browser in a profile of its own. Without Chromium and `ChromeDriver` these tests fail; they are never skipped.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;
use tempfile::TempDir;

/// No step of these tests takes that long unless it hangs.
const HANG: Duration = Duration::from_mins(1);

pub(crate) struct Browser {
    driver: Child,
    page: Client,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn open() -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "chromedriver is needed ({error}); install it: apt-get install chromium chromium-driver"
                )
            });
        let port = port_of(&mut driver);
        let profile = tempfile::tempdir().unwrap();
        let options = json!({ "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", format!("--user-data-dir={}", profile.path().display()),
        ]});
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let page = ClientBuilder::new(connector)
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Self { driver, page, _profile: profile }
    }

    pub(crate) const fn page(&self) -> &Client {
        &self.page
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.page.find(Locator::Css(css)).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn text_becomes(&self, css: &str, expected: &str) {
        self.text_until(css, expected, |text| text == expected).await;
    }

    pub(crate) async fn text_contains(&self, css: &str, expected: &str) {
        self.text_until(css, expected, |text| text.contains(expected)).await;
    }

    pub(crate) async fn click(&self, css: &str) {
        self.page.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
    }

    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        let field = self.page.find(Locator::Css(css)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(crate) async fn close(self) {
        self.page.clone().close().await.unwrap();
    }

    async fn text_until(&self, css: &str, expected: &str, is_there: impl Fn(&str) -> bool) {
        let become_so = async {
            while !is_there(&self.text(css).await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = tokio::time::timeout(HANG, become_so).await.is_ok();
        assert!(seen, "{css} never said {expected:?} but {:?}", self.text(css).await);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The port that the driver took, which it prints.
fn port_of(driver: &mut Child) -> u16 {
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let started = lines.map(Result::unwrap).find(|line| line.contains("started successfully on port"));
    let line = started.expect("chromedriver says on which port it listens");
    line.rsplit(' ').next().unwrap().trim_end_matches('.').parse().unwrap()
}

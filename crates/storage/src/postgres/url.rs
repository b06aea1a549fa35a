//! The URL of a database on a server, as libpq reads it.

use std::fmt;
use std::net::IpAddr;

use zeroize::Zeroizing;

use crate::connect::Access;
use crate::url::NotADatabaseUrl;

/// What is said to libpq unless the URL says otherwise. Connecting takes 2 s at most, and a peer that has gone
/// silent is given up after about 9 s instead of hours. Connections are encrypted with TLS: to look for Kerberos credentials
/// first takes time, and aborts a process that ends meanwhile.
const DEFAULTS: [(&str, &str); 7] = [
    ("application_name", "countersign"),
    ("connect_timeout", "2"),
    ("gssencmode", "disable"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "2"),
    ("tcp_user_timeout", "5000"),
];

/// `postgres://USER:PASSWORD@HOST:PORT,…/DATABASE?NAME=VALUE&…`. Every part stays percent-encoded.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresUrl {
    user: Option<String>,
    password: Option<Zeroizing<String>>,
    hosts: String,
    database: String,
    parameters: Vec<(String, Zeroizing<String>)>,
}

impl PostgresUrl {
    /// Reads what follows the scheme and its colon.
    pub(crate) fn parse(text: &str) -> Result<Self, NotADatabaseUrl> {
        let text = text.strip_prefix("//").ok_or(NotADatabaseUrl::Malformed)?;
        let (place, parameters) = text.split_once('?').unwrap_or((text, ""));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let (credentials, hosts) = match authority.split_once('@') {
            Some((credentials, hosts)) => (Some(credentials), hosts),
            None => (None, authority),
        };
        let (user, password) = match credentials.and_then(|text| text.split_once(':')) {
            Some((user, password)) => (Some(user), Some(Zeroizing::new(password.to_owned()))),
            None => (credentials, None),
        };
        let parts = [user.unwrap_or_default(), password.as_deref().map_or("", String::as_str), database];
        let parameters = parameters.split('&').filter(|pair| !pair.is_empty()).map(parameter);
        let url = Self {
            user: user.map(str::to_owned),
            password: password.clone(),
            hosts: hosts.to_owned(),
            database: database.to_owned(),
            parameters: parameters.collect::<Option<_>>().ok_or(NotADatabaseUrl::Malformed)?,
        };
        let sound = parts.into_iter().all(is_encoded) && hosts.split(',').all(is_host);
        match url {
            _ if !sound => Err(NotADatabaseUrl::Malformed),
            _ if url.every_host().any(str::is_empty) => Err(NotADatabaseUrl::NoHost),
            _ if url.database.is_empty() => Err(NotADatabaseUrl::NoDatabase),
            url => Ok(url),
        }
    }

    /// A parameter of the URL, percent-encoded as it stands there.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        // Of several, libpq takes the last.
        let named = self.parameters.iter().rev().find(|(own, _)| own == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether the server can only be on this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.every_host().all(is_local) && self.parameter("hostaddr").is_none_or(is_local)
    }

    /// The hosts without their ports; a parameter takes their place.
    fn every_host(&self) -> impl Iterator<Item = &str> {
        let (named, port) = match self.parameter("host") {
            Some(hosts) => (hosts, false),
            None => (self.hosts.as_str(), true),
        };
        named.split(',').map(move |host| if port { without_port(host) } else { host })
    }

    /// What libpq connects with. A session that writes must reach a server that can be written to. One that only reads
    /// asks the same server, and sees one moment within a transaction. One that migrates sees at each statement what others
    /// have written before it got its locks, whatever the server's default is.
    pub(crate) fn for_libpq(&self, access: Access) -> Zeroizing<String> {
        let limits = match access {
            Access::Read | Access::Write => {
                "-c statement_timeout=2000 -c lock_timeout=500 -c idle_in_transaction_session_timeout=5000"
            }
            // A migration takes its time; who waits for its lock waits for its end.
            Access::Migrate => "-c statement_timeout=0 -c lock_timeout=0",
        };
        let (target, rest) = match access {
            Access::Read => {
                let rest =
                    "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read";
                ("primary", rest)
            }
            Access::Migrate => ("read-write", "-c default_transaction_isolation=read\\ committed"),
            Access::Write => ("read-write", ""),
        };
        let own = self.parameter("options").unwrap_or_default();
        let options = format!("{}%20{own}%20{}", encoded(limits), encoded(rest));
        let mut text = Zeroizing::new(String::from("postgresql://"));
        text.push_str(self.user.as_deref().unwrap_or_default());
        if let Some(password) = &self.password {
            text.push(':');
            text.push_str(password);
        }
        if self.user.is_some() {
            text.push('@');
        }
        text.push_str(&self.hosts);
        text.push('/');
        text.push_str(&self.database);
        let defaults = DEFAULTS.iter().filter(|(name, _)| self.parameter(name).is_none());
        let given = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fixed = [("target_session_attrs", target), ("options", options.as_str())];
        for (number, (name, value)) in defaults.copied().chain(given).chain(fixed).enumerate() {
            text.push(if number == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        text
    }
}

fn parameter(pair: &str) -> Option<(String, Zeroizing<String>)> {
    let (name, value) = pair.split_once('=')?;
    let sound = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    sound.then(|| (name.to_owned(), Zeroizing::new(value.to_owned())))
}

/// Whether nothing in the part could be taken for a delimiter.
fn is_encoded(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$'()*+;".contains(&byte))
}

/// A host with or without a port; a socket's folder is percent-encoded.
fn is_host(text: &str) -> bool {
    let host = without_port(text);
    let port = text.get(host.len()..).unwrap_or_default().strip_prefix(':').unwrap_or_default();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let named = address.map_or_else(|| is_encoded(host), |address| address.parse::<IpAddr>().is_ok());
    named && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_port(host: &str) -> &str {
    if let Some((address, _)) = host.split_once(']') {
        return host.get(..=address.len()).unwrap_or(host);
    }
    host.split_once(':').map_or(host, |(host, _)| host)
}

fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_socket = ["/", "%2F", "%2f", "@", "%40"].iter().any(|start| host.starts_with(start));
    host == "localhost" || is_socket || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The words of `options`, whose characters libpq would take for something else.
fn encoded(text: &str) -> String {
    text.replace('\\', "%5C").replace(' ', "%20").replace('=', "%3D")
}

/// Without password and parameters, some of which are secret.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        write!(f, "{}/{}", self.hosts, self.database)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::DatabaseUrl;

    fn parse(text: &str) -> Result<DatabaseUrl, NotADatabaseUrl> {
        DatabaseUrl::parse(text)
    }

    #[test]
    fn no_password_is_shown() {
        for text in [
            "postgres://ann:s3cret@db.example.com:5432/name",
            "postgresql://ann@db.example.com:5432/name?password=s3cret&sslpassword=s3cret",
        ] {
            let url = parse(text).unwrap();
            assert_eq!(url.to_string(), "postgres://ann@db.example.com:5432/name");
            assert!(!format!("{url:?}").contains("s3cret"), "{url:?}");
        }
        let several = parse("postgres://a:1,[::1]:2,c/name").unwrap();
        assert_eq!(several.to_string(), "postgres://a:1,[::1]:2,c/name");
    }

    #[test]
    fn what_libpq_would_read_differently_is_refused_without_being_repeated() {
        for (text, problem) in [
            ("postgres:ann@host/name", NotADatabaseUrl::Malformed),
            ("postgres://ann:s3/cret@host/name", NotADatabaseUrl::Malformed),
            ("postgres://ann:s3@cret@host/name", NotADatabaseUrl::Malformed),
            ("postgres://ann:s3?cret@host/name", NotADatabaseUrl::Malformed),
            ("postgres://ann:s3:cret@host/name", NotADatabaseUrl::Malformed),
            ("postgres://ann@host:port/name", NotADatabaseUrl::Malformed),
            ("postgres://ann@host/name/more", NotADatabaseUrl::Malformed),
            ("postgres://ann@host/name?sslmode", NotADatabaseUrl::Malformed),
            ("postgres://ann@host/name?SSLMODE=disable", NotADatabaseUrl::Malformed),
            ("postgres://ann@host/na me", NotADatabaseUrl::Malformed),
            ("postgres://ann@/name", NotADatabaseUrl::NoHost),
            ("postgres:///name", NotADatabaseUrl::NoHost),
            ("postgres://a,,b/name", NotADatabaseUrl::NoHost),
            ("postgres://ann@host", NotADatabaseUrl::NoDatabase),
            ("postgres://ann@host/?sslmode=disable", NotADatabaseUrl::NoDatabase),
        ] {
            assert_eq!(parse(text), Err(problem), "{text}");
            assert!(!problem.to_string().contains("cret"));
        }
    }

    #[test]
    fn only_verified_tls_is_safe_on_a_network() {
        for (rest, exposed) in [
            ("localhost/n", false),
            ("127.0.0.1:5433/n", false),
            ("[::1]:5433/n", false),
            ("%2Frun%2Fpostgresql/n", false),
            ("/n?host=/run/postgresql", false),
            ("db/n", true),
            ("localhost,db/n", true),
            ("localhost/n?host=db", true),
            ("localhost/n?hostaddr=10.0.0.1", true),
            ("10.0.0.1/n?sslmode=require", true),
            ("db/n?sslmode=verify-full&sslmode=disable", true),
            ("db/n?sslmode=verify-ca", true),
            ("db/n?sslmode=verify-full", false),
        ] {
            assert_eq!(parse(&format!("postgres://{rest}")).unwrap().is_exposed(), exposed, "{rest}");
        }
    }

    #[test]
    fn time_limits_and_the_kind_of_server_are_part_of_every_connection() {
        let own = "connect_timeout=9&target_session_attrs=any&options=-c%20search_path%3Dcs";
        let url = PostgresUrl::parse(&format!("//ann:p%40ss@a:1,b/name?{own}")).unwrap();
        let write = url.for_libpq(Access::Write);
        assert!(write.starts_with("postgresql://ann:p%40ss@a:1,b/name?"), "{write:?}");
        assert!(write.contains("connect_timeout=9") && !write.contains("connect_timeout=2"));
        let options = "-c%20statement_timeout%3D2000%20-c%20lock_timeout%3D500%20-c%20\
                       idle_in_transaction_session_timeout%3D5000%20-c%20search_path%3Dcs%20";
        assert!(write.ends_with(&format!("&target_session_attrs=read-write&options={options}")), "{write:?}");
        let read = url.for_libpq(Access::Read);
        assert!(read.contains("target_session_attrs=primary"));
        assert!(read.ends_with("default_transaction_isolation%3Drepeatable%5C%20read"), "{read:?}");
        let migrate = url.for_libpq(Access::Migrate);
        assert!(migrate.ends_with("default_transaction_isolation%3Dread%5C%20committed"), "{migrate:?}");
    }
}

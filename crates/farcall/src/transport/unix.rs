//! Unix sockets, by path and by abstract name: connections within a machine, whose peers the system vouches for.
//!
//! A path is also a file, which outlives the program that made it: a dead one is replaced, a live one is left alone, and
//! ours goes with its listener.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use farcall_policy::target::{Address, Target};
use tokio::net::{UnixListener, UnixStream};

use super::{Connector, Credentials, Listener, Peer};

/// Opens connections to Unix sockets: `unix:path`, `unix:///path`, and on Linux `unix-abstract:name`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Unix {}

impl Unix {
    /// A connector with the defaults.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Connector for Unix {
    type Io = UnixStream;

    async fn connect(&self, address: &str) -> io::Result<(UnixStream, Peer)> {
        let target = Target::parse(address).map_err(io::Error::other)?;
        let stream = match target.address() {
            Address::Unix(path) => UnixStream::connect(path).await?,
            Address::UnixAbstract(name) => UnixStream::connect(abstract_path(name.as_bytes())?).await?,
            _ => {
                return Err(io::Error::other(format!(
                    "{address} is no Unix socket: write it as in unix:/run/users.sock"
                )));
            }
        };
        let peer = peer(&stream)?;
        Ok((stream, peer))
    }
}

impl Listener for UnixListener {
    type Io = UnixStream;

    async fn accept(&mut self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = UnixListener::accept(self).await?;
        let peer = peer(&stream)?;
        Ok((stream, peer))
    }
}

/// A listening Unix socket whose file goes when this does.
#[derive(Debug)]
pub struct UnixSocket {
    // Before the listener: while that lives, nobody takes the file for a dead one and puts another in its place.
    _file: Option<File>,
    listener: UnixListener,
    target: String,
}

impl UnixSocket {
    /// Listens at a path. A socket file at which nobody listens is replaced; the mode of the new one follows the
    /// process's umask, so that a folder which others may not enter is what keeps them out.
    ///
    /// # Errors
    /// What the system says; `AddrInUse` where somebody listens already, or where the file is no socket.
    pub async fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let bound = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_dead(path).await?;
                UnixListener::bind(path)
            }
            bound => bound,
        };
        let listener = bound?;
        // Absolute, so that the file is found again wherever the process goes.
        let path = std::path::absolute(path)?;
        let target = format!("unix:{}", path.display());
        Ok(Self { _file: File::of(path), listener, target })
    }

    /// Listens at an abstract name, which is no file, and which any user of the machine may connect to. Linux only.
    ///
    /// # Errors
    /// What the system says; `Unsupported` where it has no such names.
    pub async fn bind_abstract(name: &str) -> io::Result<Self> {
        let listener = UnixListener::bind(abstract_path(name.as_bytes())?)?;
        Ok(Self { _file: None, listener, target: format!("unix-abstract:{name}") })
    }

    /// The target with which a channel finds it, such as `unix:/run/users.sock`.
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl Listener for UnixSocket {
    type Io = UnixStream;

    async fn accept(&mut self) -> io::Result<(UnixStream, Peer)> {
        Listener::accept(&mut self.listener).await
    }
}

/// The file of a socket. At the same path there may be another one's by now.
#[derive(Debug)]
struct File {
    path: PathBuf,
    identity: Identity,
}

/// Device, number and birth of a file: numbers are used again.
type Identity = (u64, u64, i64, i64);

impl File {
    fn of(path: PathBuf) -> Option<Self> {
        let identity = identity(&path)?;
        Some(Self { path, identity })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if identity(&self.path) == Some(self.identity) {
            // Who cannot remove it now leaves a dead file, which the next server replaces.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let file = std::fs::symlink_metadata(path).ok()?;
    Some((file.dev(), file.ino(), file.mtime(), file.mtime_nsec()))
}

/// Removes the socket file of a program that has ended.
async fn remove_dead(path: &Path) -> io::Result<()> {
    let in_use = |what| Err(io::Error::new(io::ErrorKind::AddrInUse, what));
    let found = identity(path);
    if !std::fs::symlink_metadata(path)?.file_type().is_socket() {
        return in_use("there is a file, which is no socket");
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        // Also a full queue, or a socket that we may not write to, is somebody's.
        _ => return in_use("a program listens there"),
    }
    // Whoever else found it dead may have put its own in the place meanwhile.
    if identity(path) != found {
        return in_use("another program has just begun to listen there");
    }
    std::fs::remove_file(path)
}

/// How `tokio` is told an abstract name: a path that begins with a zero byte.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn abstract_path(name: &[u8]) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt;

    if name.is_empty() || name.contains(&0) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "an abstract name has a byte at least, and none is zero",
        ));
    }
    Ok(PathBuf::from(std::ffi::OsString::from_vec([b"\0", name].concat())))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn abstract_path(_: &[u8]) -> io::Result<PathBuf> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no abstract names: use a path"))
}

fn peer(stream: &UnixStream) -> io::Result<Peer> {
    let credentials = stream.peer_cred()?;
    Ok(Peer::Unix(Credentials { user: credentials.uid(), group: credentials.gid(), process: credentials.pid() }))
}

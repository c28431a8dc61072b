//! The functions as cargo-lambda builds and packs them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use shared::error::Cause;

/// The least that a function can be.
pub(crate) const HELLO: &str = "hello";

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every function of the shop.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn all_functions() -> io::Result<Vec<String>> {
    let folders = fs::read_dir(root().join("functions"))?;
    let mut names: Vec<_> =
        folders.map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned())).collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// Where functions are built to.
#[derive(Debug, Clone)]
pub(crate) struct Packages(PathBuf);

impl Packages {
    /// Those in cargo's target folder.
    pub(crate) fn new() -> Packages {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        Packages(target.join("bench"))
    }

    /// Builds functions and the one they are compared with, as executables and as what is uploaded.
    ///
    /// # Errors
    /// cargo-lambda is missing, or fails.
    pub(crate) fn build(&self, functions: &[String]) -> Result<(), Cause> {
        self.build_together(functions)?;
        // By itself: built with others, its dependencies would have the features that those want.
        self.build_together(&[HELLO.to_owned()])
    }

    fn build_together(&self, functions: &[String]) -> Result<(), Cause> {
        for (format, folder) in [("binary", "binary"), ("zip", "zip")] {
            let mut command = Command::new(std::env::var_os("CARGO").as_deref().unwrap_or(OsStr::new("cargo")));
            command.args(["lambda", "build", "--release", "--output-format", format]).current_dir(root());
            command.arg("--lambda-dir").arg(self.0.join(folder));
            for name in functions {
                command.args(["--package", name.as_str()]);
            }
            if !command.status()?.success() {
                return Err("`cargo lambda build` failed (it comes with `pip install cargo-lambda`)".into());
            }
        }
        Ok(())
    }

    /// A function's executable.
    pub(crate) fn binary(&self, function: &str) -> PathBuf {
        self.0.join("binary").join(function).join("bootstrap")
    }

    /// The bytes of what is uploaded.
    ///
    /// # Errors
    /// It was not built.
    pub(crate) fn zip_bytes(&self, function: &str) -> Result<u64, Cause> {
        let zip = self.0.join("zip").join(function).join("bootstrap.zip");
        Ok(fs::metadata(&zip).map_err(|error| format!("{}: {error}; build it first", zip.display()))?.len())
    }
}

//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use onlyif_http::StaleStatus;

use crate::serve::{Data, Options};
use crate::store;

/// Conflict-safe HTTP APIs from a declaration per type. Without a command: `serve`.
#[derive(Debug, Parser)]
#[command(
    name = "onlyif",
    version,
    about,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve, where no command is given.
    #[command(flatten)]
    pub serve: Serve,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API on this machine; nothing else has to be set up
    Serve(Serve),
    /// Check the declarations, and say what they declare
    Check {
        /// The folder with the declarations
        #[arg(default_value = "resources")]
        folder: PathBuf,
        /// The declarations that are deployed, a folder or one file: say what the change from them
        /// means for what is stored, and fail where it breaks that
        #[arg(long, value_name = "OLD")]
        against: Option<PathBuf>,
    },
    /// Print the JSON Schema of declarations, for editors
    Schema,
    /// Watch two writers edit one document of a running server
    Race(Race),
    /// Show what the requests to a running server have contested so far
    Conflicts(Conflicts),
    /// Measure how the functions start, beside a stock function, and what requests take (Linux)
    Bench(Bench),
}

/// What to measure.
#[derive(Clone, Debug, Args)]
pub struct Bench {
    /// The folder with a folder per function: what `sam build` makes
    #[arg(long, value_name = "DIR", default_value = ".aws-sam/build")]
    pub functions: PathBuf,
    /// The stock function
    #[arg(
        long,
        value_name = "FILE",
        default_value = "benches/hello/target/release/bootstrap"
    )]
    pub hello: PathBuf,
    /// How many rounds: in each, every function is started, and asked what it is compared by
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Write what was measured to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// How to serve.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// The folder with the declarations: one file TYPE.yaml per type
    #[arg(long, value_name = "DIR", default_value = "resources")]
    pub resources: PathBuf,
    /// The port to listen on; 0 takes any that is free, and prints it
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub port: u16,
    /// The folder in which the data is kept
    #[arg(long, value_name = "DIR", default_value = ".onlyif")]
    pub data: PathBuf,
    /// Keep the data in memory, and forget it at the end
    #[arg(long, conflicts_with_all = ["data", "reset", "store"])]
    pub memory: bool,
    /// Delete what is stored, and begin anew
    #[arg(long, conflicts_with = "store")]
    pub reset: bool,
    /// Leave an empty store empty: load no sample data
    #[arg(long)]
    pub no_seed: bool,
    /// Use this DynamoDB endpoint instead of the embedded store; the table is made where it is missing.
    /// Certificates are checked by those of the machine, or of the file that AWS_CA_BUNDLE names
    #[arg(long, value_name = "URL", conflicts_with = "data", value_parser = store::endpoint)]
    pub store: Option<String>,
    /// The table's name at that endpoint
    #[arg(
        long,
        value_name = "NAME",
        default_value = "onlyif",
        requires = "store"
    )]
    pub table: String,
    /// The status of a failed precondition: 409, or 412 to follow RFC 9110 to the letter
    #[arg(long, value_name = "STATUS", default_value = "409", value_parser = ["409", "412"])]
    pub stale_status: String,
    /// The address that clients use, where it is another than the one listened on
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// How requests are logged: for a person, or as Lambda logs them
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Log::Text)]
    pub log: Log,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Let other machines in: whoever reaches the port may do everything
    #[arg(long)]
    pub allow_remote: bool,
}

/// How requests are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// A line for a person.
    Text,
    /// A JSON object per line, as Lambda logs.
    Json,
}

/// Where to race.
#[derive(Clone, Debug, Args)]
pub struct Race {
    /// The running server
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    pub url: String,
    /// The type of the document that is edited
    #[arg(long = "type", value_name = "TYPE", default_value = "documents")]
    pub type_name: String,
}

/// What to show of the conflicts so far.
#[derive(Clone, Debug, Args)]
pub struct Conflicts {
    /// The running server
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    pub url: String,
    /// How many names of each kind; the server tells 50 at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// Show it again whenever it has changed, until the server ends
    #[arg(long)]
    pub watch: bool,
}

impl Serve {
    /// The same as the library takes it.
    pub fn options(&self) -> Options {
        Options {
            resources: self.resources.clone(),
            host: self.host,
            allow_remote: self.allow_remote,
            port: self.port,
            data: match self.memory {
                true => Data::Memory,
                false => Data::Folder(self.data.clone()),
            },
            reset: self.reset,
            seed: !self.no_seed,
            store: self.store.clone(),
            table: self.table.clone(),
            stale_status: match self.stale_status.as_str() {
                "412" => StaleStatus::PreconditionFailed,
                _ => StaleStatus::Conflict,
            },
            base_url: self
                .base_url
                .as_ref()
                .map(|url| url.trim_end_matches('/').to_owned()),
            watch: true,
            follow: true,
            ..Options::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once(&"onlyif").chain(arguments))
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_command_is_serve() {
        let bare = parsed(&["--port", "0", "--memory"]).unwrap();
        assert!(bare.command.is_none());
        let Some(Command::Serve(serve)) = parsed(&["serve", "--port", "0", "--memory"])
            .unwrap()
            .command
        else {
            panic!("serve is a command");
        };
        for serve in [bare.serve, serve] {
            let options = serve.options();
            assert_eq!(
                (options.port, options.data, options.seed),
                (0, Data::Memory, true)
            );
        }
        let options = parsed(&[]).unwrap().serve.options();
        assert_eq!(
            (options.port, options.data),
            (3000, Data::Folder(PathBuf::from(".onlyif")))
        );
        assert!(options.host.is_loopback() && !options.allow_remote && !options.reset);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for arguments in [
            &["--memory", "--data", "x"] as &[&str],
            &["--memory", "--reset"],
            &["--memory", "--store", "http://127.0.0.1:8000"],
            &["--store", "http://127.0.0.1:8000", "--reset"],
            &["--store", "http://127.0.0.1:8000", "--data", "x"],
            &["--store", "127.0.0.1:8000"],
            &["--table", "t"],
            &["--port", "70000"],
            &["--log", "xml"],
            &["--stale-status", "410"],
            &["--host", "everywhere"],
            &["--port", "1", "check"],
            &["bench", "--rounds", "0"],
            &["chek"],
        ] {
            let error = parsed(arguments).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
        }
    }
}

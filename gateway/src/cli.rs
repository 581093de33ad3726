//! The command line. Every command but `serve` and `inspect` is a client of the admin API; `check`
//! and `bridge` speak to a server as an AI client does.
//!
//! Results go to standard output and all else to standard error, both only through [`printer`];
//! how a command ends is one of the codes of [`exit`].

mod bridge;
mod call;
mod check;
mod client;
mod coerce;
mod connect;
mod exit;
mod failure;
mod guest_log;
mod help;
mod human;
mod inspect;
mod key;
mod keys;
mod limits;
mod login;
mod logs;
mod offers;
mod plan;
mod printer;
mod push;
mod remote;
mod secret;
mod serve;
mod server;
mod settings;
mod span;
mod status;
mod target;
mod task;
mod token;
mod tool;
mod version;
mod warnings;
mod workspace;

use crate::{compile_worker, near};
use casemate_runtime::EVENT_INTERVAL;
use clap::{CommandFactory, Parser, Subcommand};
use client::Client;
use exit::{EXIT_CODES, Exit};
use failure::Failure;
use help::{EXAMPLES, HELP};
use printer::{Format, Noise, Printer};
use settings::Settings;
use std::{io, process::ExitCode, thread::available_parallelism};
use tokio::runtime;

/// Run WebAssembly tools in sandboxes and serve them over MCP
#[derive(Debug, Parser)]
#[command(name = "casemate", version, help_template = HELP, max_term_width = 100)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), disable_help_subcommand = false)]
#[command(arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print results as JSON, as the admin API gives them
    #[arg(long, global = true)]
    json: bool,
    /// Print results and errors only
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Login(login::Login),
    /// Forget the stored address and access token
    Logout,
    /// Show which gateway answers, and to which token
    Whoami,
    #[command(subcommand)]
    Workspace(workspace::Command),
    #[command(subcommand)]
    Server(server::Command),
    #[command(subcommand)]
    Key(key::Command),
    #[command(subcommand)]
    Token(token::Command),
    #[command(subcommand)]
    Secret(secret::Command),
    Inspect(inspect::Inspect),
    Push(push::Push),
    #[command(subcommand)]
    Version(version::Command),
    #[command(subcommand)]
    Tool(tool::Command),
    Call(call::Call),
    Logs(logs::Logs),
    Connect(connect::Connect),
    Check(check::Check),
    Bridge(bridge::Bridge),
    #[command(subcommand)]
    Limits(limits::Command),
    #[command(subcommand)]
    Task(task::Command),
    /// Show what the gateway is doing: running calls, waiting ones, tasks, memory
    Status,
    /// Print completions for a shell
    ///
    /// For example: casemate completions bash > ~/.local/share/bash-completion/completions/casemate
    Completions {
        /// Shell to complete in
        shell: clap_complete::Shell,
    },
}

/// What every command works with.
#[derive(Debug)]
struct Context {
    printer: Printer,
}

impl Context {
    /// A client of the gateway that this person works with.
    fn client(&self) -> Result<Client, Failure> {
        Client::new(&Settings::load()?)
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // Before all else, so that it has nothing to give away; it is in no help and no completion.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == compile_worker::COMMAND)
    {
        return compile_worker::main();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            return unparsed(&error).into();
        }
    };
    let format = if cli.json {
        Format::Json
    } else {
        Format::Human
    };
    let noise = if cli.quiet {
        Noise::Quiet
    } else {
        Noise::Normal
    };
    let context = Context {
        printer: Printer::new(format, noise),
    };
    let ended = match executor(&cli.command) {
        Ok(executor) => executor.block_on(run(cli.command, &context)),
        Err(error) => Err(Failure::new(Exit::Failure, "cannot start").note(error.to_string())),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            context.printer.failure(&failure);
            failure.exit().into()
        }
    }
}

/// Help asked for is a result, anything else a usage error; clap knows where each goes. A program
/// that asked for JSON gets the error as JSON, although the command line was not understood.
fn unparsed(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        drop(error.print());
        return Exit::Ok;
    }
    if std::env::args_os().any(|word| word == "--json") {
        let text = error.to_string();
        let what = text.trim().trim_start_matches("error: ");
        let failure = Failure::new(Exit::Usage, what).code("usage");
        Printer::new(Format::Json, Noise::Normal).failure(&failure);
    } else {
        drop(error.print());
    }
    Exit::Usage
}

/// A client waits for one answer at a time; threads would only cost it time.
fn executor(command: &Command) -> io::Result<runtime::Runtime> {
    if !matches!(command, Command::Serve(_)) {
        return runtime::Builder::new_current_thread().enable_all().build();
    }
    // Guests compute on as many threads as there are cores; one more always hears of requests.
    let cores = available_parallelism().map_or(1, usize::from);
    runtime::Builder::new_multi_thread()
        .worker_threads(cores + 1)
        .event_interval(EVENT_INTERVAL)
        .enable_all()
        .build()
}

async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Serve(args) => serve::run(args, context).await,
        Command::Login(command) => login::login(command, context).await,
        Command::Logout => login::logout(context),
        Command::Whoami => login::whoami(context).await,
        Command::Workspace(command) => workspace::run(command, context).await,
        Command::Server(command) => server::run(command, context).await,
        Command::Key(command) => key::run(command, context).await,
        Command::Token(command) => token::run(command, context).await,
        Command::Secret(command) => secret::run(command, context).await,
        Command::Inspect(command) => inspect::run(command, context).await,
        Command::Push(command) => push::run(command, context).await,
        Command::Version(command) => version::run(command, context).await,
        Command::Tool(command) => tool::run(command, context).await,
        Command::Call(command) => call::run(command, context).await,
        Command::Logs(command) => logs::run(command, context).await,
        Command::Connect(command) => connect::run(command, context).await,
        Command::Check(command) => check::run(command, context).await,
        Command::Bridge(command) => bridge::run(command, context).await,
        Command::Limits(command) => limits::run(command, context).await,
        Command::Task(command) => task::run(command, context).await,
        Command::Status => status::run(context).await,
        Command::Completions { shell } => completions(shell, context),
    }
}

fn completions(shell: clap_complete::Shell, context: &Context) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "casemate", &mut script);
    context
        .printer
        .result(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_contract_is_understood() {
        let lines = [
            "casemate serve --config c.toml --data d --listen 127.0.0.1:1 --admin-listen 127.0.0.1:2 --ready-file r",
            "casemate login --url http://127.0.0.1:8081 --token-stdin",
            "casemate workspace create acme",
            "casemate workspace list --json",
            "casemate server create weather -w acme",
            "casemate --json server list",
            "casemate server show weather",
            "casemate server set weather --tool-prefix weather_ --tool-search on",
            "casemate server activate acme/weather",
            "casemate server deactivate weather",
            "casemate key create laptop -s weather -s other --expires 90d",
            "casemate key create laptop -s weather --tool get_weather -t list_*",
            "casemate key list",
            "casemate key revoke key_0",
            "casemate task list -s weather --status working",
            "casemate task show task_0",
            "casemate task cancel task_0",
            "casemate token create ci --expires 30d",
            "casemate token list",
            "casemate token revoke tok_0 --yes",
            "casemate serve --new-access-token",
            "casemate secret set WEATHER_KEY -w acme",
            "casemate secret list -w acme",
            "casemate secret delete WEATHER_KEY -w acme",
            "casemate push f.wasm -s weather --name weather --no-activate --grant-host a.test \
             --grant-host b.test --grant-secret K@a.test --reveal-secret K --config A=b --yes",
            "casemate push f.wasm -s weather --dry-run --full",
            "casemate version list -s weather",
            "casemate version use ver_0 -s weather --yes",
            "casemate tool list -s weather",
            "casemate tool activate get -s weather",
            "casemate tool deactivate weather/get",
            "casemate call weather/get city=Oslo days:=3 @more.json - --json",
            "casemate call acme/glossary --resource glossary://words --save out",
            "casemate call glossary --prompt explain word=grant @more.json",
            "casemate logs -f -s weather --tool get --status ok --since 1h -n 10 --log",
            "casemate limits show",
            "casemate limits show platform",
            "casemate limits explain weather/get",
            "casemate limits set -w acme --profile small",
            "casemate limits set weather/get fuel=2G wall_ms=5s --unset memory_bytes",
            "casemate limits suggest get -s weather",
            "casemate limits whatif weather/get fuel=1G",
            "casemate status",
            "casemate connect",
            "casemate connect zed --url http://127.0.0.1:8080/mcp/srv_1 --key-stdin",
            "casemate check",
            "casemate check -s weather --json",
            "casemate check --url http://127.0.0.1:8080/mcp/srv_1 --key-stdin",
            "casemate bridge -s weather --key-env MY_KEY",
            "casemate bridge --url http://127.0.0.1:8080/mcp/srv_1 --key-file k --patience 5",
            "casemate connect cursor -s weather --write --scope project --dry-run",
            "casemate connect codex -s weather --key-env MY_KEY --name w --replace --file c.toml",
            "casemate inspect f.wasm",
            "casemate completions zsh",
        ];
        for line in lines {
            assert!(parsed(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_a_usage_error() {
        let lines = [
            "casemate",
            "casemate key create laptop",
            "casemate server set weather",
            "casemate key create laptop -s weather --expires soon",
            "casemate secret set WEATHER_KEY value -w acme",
            "casemate call glossary word=grant --resource glossary://words",
            "casemate call glossary --prompt explain --resource glossary://words",
            "casemate call weather/get city",
            "casemate logs --status fine",
            "casemate connect cursor",
            "casemate bridge",
            "casemate bridge -s weather --url http://127.0.0.1:8080/mcp/srv_1",
            "casemate connect -s weather",
            "casemate connect zed -s weather --url http://127.0.0.1:8080/mcp/srv_1",
            "casemate connect cursor -s weather --key-env mcp-x",
            "casemate connect cursor -s weather --name a/b",
            "casemate limits set weather/get --profile huge",
            "casemate limits set weather/get --unset fule",
            "casemate push f.wasm -s weather --grant-host https://a.test/path",
        ];
        for line in lines {
            assert!(
                parsed(line).is_err_and(|error| error.use_stderr()),
                "{line}"
            );
        }
    }

    #[test]
    fn the_help_lists_every_command() {
        for command in Cli::command().get_subcommands() {
            let entry = format!("\n  {:<12} ", command.get_name());
            assert!(HELP.contains(&entry), "{}", command.get_name());
        }
    }

    #[test]
    fn every_argument_has_a_help_text() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
            assert!(command.get_about().is_some(), "{}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}

//! The `casemate` binary.

fn main() -> std::process::ExitCode {
    casemate_gateway::cli::main()
}

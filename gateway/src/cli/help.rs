//! The text of `casemate --help`.

/// The commands by what one wants to do. A test keeps the list whole.
pub(super) const HELP: &str = "\
{name} {version}
{about}

Usage: casemate [OPTIONS] COMMAND

Run a gateway:
  serve        Run the gateway until it is interrupted
  login        Store the address and the access token of a gateway
  logout       Forget them
  whoami       Show which gateway answers, and to which token
  status       Show what the gateway is doing

Set up:
  workspace    Create and list workspaces
  server       Create, list and switch servers: MCP endpoints
  key          Create, list and revoke API keys of clients
  token        Create, list and revoke access tokens of administrators
  secret       Set, list and delete secrets of a workspace

Clients:
  connect      Connect an AI client: print its configuration, or write it
  check        Check whether clients can connect, step by step
  bridge       Serve a server over standard input and output

Tools:
  inspect      Show what a component is, its tools and what they need
  push         Upload a component and deploy its tools to a server
  version      List the versions of a server, and switch to one of them
  tool         List and switch the tools of a server
  call         Call a tool, read a resource or fill in a prompt, like a client
  logs         Show calls, and follow new ones
  limits       Show, set and explain what calls may use
  task         List, show and cancel tasks: calls that their clients poll

More:
  completions  Print completions for a shell
  help         Print this, or the help of a command

Options:
{options}{after-help}";

/// Under the options.
pub(super) const EXAMPLES: &str = "\
Examples:
  casemate serve --data ./data
  casemate workspace create acme
  casemate server create weather -w acme
  casemate push weather.wasm -s weather --grant-host api.weather.test
  casemate call weather/weather city=Oslo
  casemate key create laptop -s weather --expires 90d

Environment:
  CASEMATE_URL         admin address of the gateway (default http://127.0.0.1:8081)
  CASEMATE_TOKEN       access token for it
  CASEMATE_CONFIG_DIR  folder of what `casemate login` stores
  NO_COLOR             no color";

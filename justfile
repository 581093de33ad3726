# Aliases. All logic lives in xtask: `just run` is `cargo xtask run`.

# List what there is
default:
    @just --list

# Start a gateway with the sample tools and show how to connect
run *options:
    cargo xtask run {{options}}

# Run every check and every test
test *options:
    cargo xtask test {{options}}

# Run what takes too long for every change
nightly *options:
    cargo xtask nightly {{options}}

# Send requests that nobody thought of to the MCP endpoint
fuzz *options:
    cargo xtask fuzz {{options}}

# Check formatting and lints
check:
    cargo xtask check

# Build the sample tools and the gateway
build *options:
    cargo xtask build {{options}}

# Build the gateway as it is meant to be installed, laid out by what it does while it serves calls
release:
    cargo xtask release

# Measure what a call costs and what is promised under load: `just bench mcp`, `just bench neighbors`
bench *options:
    cargo xtask bench {{options}}

# Install the MCP clients of others that the tests use
clients:
    cargo xtask clients

# Check licenses, sources and known vulnerabilities of all dependencies
deny:
    cargo xtask deny

# Check what building and testing need
doctor:
    cargo xtask doctor

# Format everything
fmt:
    cargo fmt --all

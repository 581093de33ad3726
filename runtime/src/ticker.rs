//! The clock by which guests let others run, whatever their fuel.
//!
//! A guest that has the host work for it, for random bytes or fresh memory, uses little fuel in much
//! time. At each tick it lets others run as soon as it is back in its own code. The fuel yields in
//! between keep guests that compute from waiting for a tick.

use crate::turns::Turns;
use std::{
    io,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};
use wasmtime::{Engine, EngineWeak};

/// Between two ticks while guests compute.
const TICK: Duration = Duration::from_millis(2);
/// Between two looks while none does.
const IDLE: Duration = Duration::from_millis(10);

/// Starts the clock of an engine; it ends with it.
pub(crate) fn start(engine: &Engine, turns: &Arc<Turns>) -> io::Result<()> {
    let (engine, turns) = (engine.weak(), Arc::downgrade(turns));
    thread::Builder::new()
        .name("ticker".to_owned())
        .spawn(move || tick(&engine, &turns))?;
    Ok(())
}

fn tick(engine: &EngineWeak, turns: &Weak<Turns>) {
    loop {
        let (Some(engine), Some(turns)) = (engine.upgrade(), turns.upgrade()) else {
            return;
        };
        engine.increment_epoch();
        let pause = if turns.are_idle() { IDLE } else { TICK };
        drop((engine, turns));
        thread::sleep(pause);
    }
}

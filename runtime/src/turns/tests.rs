use super::{stopwatch::thread_time, table::CREDIT, *};

const SLICE: Duration = Duration::from_micros(60);

/// One thread's worth of turns, handed out to calls that always want to compute. Gives how many
/// slices each got.
fn shares(places: &mut [Place], slices: usize) -> Vec<usize> {
    let mut got = vec![0; places.len()];
    for _ in 0..slices {
        let starts: Vec<bool> = places.iter_mut().map(Place::begin).collect();
        let ready = starts.iter().position(|starts| *starts).unwrap();
        got[ready] += 1;
        places[ready].end(SLICE, Next::Computes);
    }
    got
}

/// A call that has computed for long already.
fn long(turns: &Arc<Turns>, tenant: &Tenant) -> Place {
    let mut place = turns.place(tenant.clone());
    place.short = Duration::ZERO;
    place
}

fn turns(at_once: usize) -> Arc<Turns> {
    Arc::new(Turns::new(at_once))
}

#[test]
fn nobody_waits_while_turns_are_free() {
    let turns = turns(2);
    let mut places: Vec<_> = (0..3).map(|_| turns.place(Tenant::new())).collect();
    assert!(places[0].begin() && places[1].begin());
    assert!(!places[2].begin());
    places[0].end(SLICE, Next::Waits);
    assert!(places[2].begin());
    assert!(!places[0].begin());
}

#[test]
fn a_tenant_with_many_calls_gets_no_more_than_one_with_a_single_call() {
    let turns = turns(1);
    let many = Tenant::new();
    let mut places: Vec<_> = (0..10).map(|_| long(&turns, &many)).collect();
    places.push(long(&turns, &Tenant::new()));
    let got = shares(&mut places, 2_000);
    let (single, others) = (got[10], got[..10].iter().sum::<usize>());
    assert!(single.abs_diff(others) <= 20, "{single} against {others}");
}

#[test]
fn without_tenants_the_single_call_would_get_a_tenth() {
    let turns = turns(1);
    let mut places: Vec<_> = (0..10).map(|_| turns.place(Tenant::new())).collect();
    let got = shares(&mut places, 2_000);
    assert!(got.iter().all(|got| got.abs_diff(200) <= 10), "{got:?}");
}

/// Lets one tenant compute alone.
fn compute(turns: &Arc<Turns>, tenant: &Tenant, how_long: Duration) {
    let mut place = turns.place(tenant.clone());
    assert!(place.begin());
    place.end(how_long, Next::Waits);
}

#[test]
fn one_that_was_idle_goes_first_for_a_moment_and_saves_up_no_more() {
    let turns = turns(1);
    let (busy, idle) = (Tenant::new(), Tenant::new());
    compute(&turns, &idle, SLICE);
    compute(&turns, &busy, Duration::from_secs(3_600));
    let mut places = [turns.place(busy), turns.place(idle)];
    assert!(places[0].begin());
    assert!(!places[1].begin());
    places[0].end(SLICE, Next::Computes);
    let credit = Duration::from_nanos(CREDIT).as_nanos() / SLICE.as_nanos();
    let at_first = shares(&mut places, credit as usize);
    assert!(at_first[0] <= 2, "the idle one goes first: {at_first:?}");
    let later = shares(&mut places, 1_000);
    assert!(
        later[0].abs_diff(later[1]) <= 20,
        "then they share: {later:?}"
    );
}

#[test]
fn a_new_tenant_goes_before_nobody() {
    let turns = turns(1);
    let busy = Tenant::new();
    compute(&turns, &busy, Duration::from_secs(3_600));
    let mut places = [turns.place(busy), turns.place(Tenant::new())];
    let got = shares(&mut places, 1_000);
    assert!(got[0].abs_diff(got[1]) <= 20, "{got:?}");
}

#[test]
fn who_leaves_holds_up_nobody() {
    let turns = turns(1);
    let mut places: Vec<_> = (0..4).map(|_| turns.place(Tenant::new())).collect();
    let starts: Vec<_> = places.iter_mut().map(Place::begin).collect();
    assert_eq!(starts, [true, false, false, false]);
    // One leaves while it waits, one with a turn that it does not know of yet, one in its turn.
    drop(places.remove(1));
    places[0].end(SLICE, Next::Waits);
    drop(places.remove(1));
    assert!(places[1].begin());
    drop(places.remove(1));
    assert_eq!(turns.table().free, 1);
    assert!(turns.table().waiting.is_empty());
    assert!(places[0].begin());
}

/// Work that always wants to go on.
fn computes(context: &mut Context<'_>) -> Poll<()> {
    context.waker().wake_by_ref();
    Poll::Pending
}

#[test]
fn a_turn_lasts_over_fuel_yields_and_ends_when_the_guest_waits() {
    let turns = turns(1);
    let context = Context::from_waker(Waker::noop());
    let mut place = turns.place(Tenant::new());
    assert!(place.poll(&context, computes).0.is_pending());
    assert_eq!(turns.table().free, 0, "it wants to go on");
    assert!(place.poll(&context, |_| Poll::<()>::Pending).0.is_pending());
    assert_eq!(turns.table().free, 1, "it waits for something");
    assert!(place.poll(&context, |_| Poll::Ready(())).0.is_ready());
    assert_eq!(turns.table().free, 1, "it is done");
}

#[test]
fn a_tenant_is_charged_where_its_other_calls_wait() {
    let turns = turns(1);
    let tenant = Tenant::new();
    let mut places: Vec<_> = (0..3).map(|_| turns.place(tenant.clone())).collect();
    let got = shares(&mut places, 300);
    assert!(got.iter().all(|got| got.abs_diff(100) <= 3), "{got:?}");
    drop(places);
    assert!(turns.table().waiting.is_empty());
    assert_eq!(turns.table().free, 1);
}

/// Two tenants with two calls each that always want to compute, and one of which has as much done
/// for it around each slice as in it. Gives how many slices each got.
fn with_work_around(accounted: bool) -> Vec<usize> {
    let turns = turns(1);
    let (costly, plain) = (Tenant::new(), Tenant::new());
    let mut got = vec![0; 2];
    let mut places = [&costly, &costly, &plain, &plain].map(|tenant| turns.place(tenant.clone()));
    for _ in 0..3_000 {
        let starts: Vec<bool> = places.iter_mut().map(Place::begin).collect();
        let ready = starts.iter().position(|starts| *starts).unwrap();
        let is_costly = ready < 2;
        got[usize::from(!is_costly)] += 1;
        // Each call ends with its slice, and the next one of its tenant begins.
        places[ready].end(SLICE, Next::Waits);
        if is_costly && accounted {
            costly.owes(SLICE);
        }
    }
    got
}

#[test]
fn what_is_done_around_the_turns_counts_too() {
    let got = with_work_around(true);
    assert!(got[1].abs_diff(2 * got[0]) <= 60, "{got:?}");
}

#[test]
fn control_unaccounted_it_would_be_for_nothing() {
    let got = with_work_around(false);
    assert!(got[1].abs_diff(got[0]) <= 60, "{got:?}");
}

#[test]
fn a_long_past_is_not_held_against_a_tenant() {
    let turns = turns(1);
    let (once, other) = (Tenant::new(), Tenant::new());
    compute(&turns, &once, SLICE);
    compute(&turns, &other, SLICE);
    // A tenth of a second that nobody else wanted.
    let busy = || {
        let started = thread_time();
        while thread_time() - started < Duration::from_millis(100) {}
    };
    let meter = Meter::new(Arc::clone(&turns));
    let work = meter.run(&once, async { busy() });
    futures_util::FutureExt::now_or_never(work).unwrap();
    let mut places = [turns.place(other), turns.place(once)];
    let got = shares(&mut places, 3_000);
    assert!(got[1] > 1_400, "{got:?}");
}

#[test]
fn what_is_owed_is_paid_in_full_and_not_forgiven() {
    let turns = turns(1);
    let (debtor, other) = (Tenant::new(), Tenant::new());
    compute(&turns, &debtor, SLICE);
    compute(&turns, &other, SLICE);
    // Much more than is paid at once.
    let slices = 5_000;
    debtor.owes(SLICE * slices);
    let mut places = [long(&turns, &other), long(&turns, &debtor)];
    let at_first = shares(&mut places, slices as usize);
    assert!(at_first[1] < 20, "{at_first:?}");
    let later = shares(&mut places, 3_000);
    assert!(
        later[0].abs_diff(later[1]) <= 60,
        "then they share: {later:?}"
    );
}

#[test]
fn short_calls_get_up_to_twice_what_long_ones_get_and_no_more() {
    let turns = turns(1);
    let short = Tenant::new();
    let mut calls = [0, 1].map(|_| turns.place(short.clone()));
    let other = Tenant::new();
    let mut endless = [0, 1].map(|_| long(&turns, &other));
    let mut got = [0, 0];
    for _ in 0..3_000 {
        let first = calls.iter_mut().map(Place::begin).collect::<Vec<_>>();
        let second = endless.iter_mut().map(Place::begin).collect::<Vec<_>>();
        if let Some(n) = first.iter().position(|begins| *begins) {
            got[0] += 1;
            calls[n].end(SLICE, Next::Waits);
            calls[n] = turns.place(short.clone());
        } else if let Some(n) = second.iter().position(|begins| *begins) {
            got[1] += 1;
            endless[n].end(SLICE, Next::Computes);
        }
    }
    assert!(got[0] >= 1_900 && got[0] <= 2_100, "{got:?}");
}

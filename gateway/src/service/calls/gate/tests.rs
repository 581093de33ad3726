use super::*;

use std::time::Duration;

/// Long enough for every test.
fn later() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(50)
}

#[tokio::test]
async fn those_beyond_the_limit_wait_in_order_and_get_in_as_others_leave() {
    let gate = Arc::new(Gate::default());
    let first = gate.enter(1, None, later()).await.unwrap();
    let waiting: Vec<_> = (0..3)
        .map(|n| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.enter(1, None, later()).await.map(|pass| (n, pass)) })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(gate.count(), (1, 3));
    drop(first);
    for (n, waiting) in waiting.into_iter().enumerate() {
        let (got_in, pass) = waiting.await.unwrap().unwrap();
        assert_eq!(got_in, n);
        assert_eq!(gate.count().0, 1);
        drop(pass);
    }
    assert_eq!(gate.count(), (0, 0));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_a_long_wait_in_the_end() {
    let gate = Arc::new(Gate::default());
    let inside = gate.enter(1, None, soon()).await.unwrap();
    let waiting: Vec<_> = (0..LEAST_QUEUE)
        .map(|_| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.enter(1, None, soon()).await.err() })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(gate.count(), (1, waiting.len()));
    assert_eq!(gate.enter(1, None, soon()).await.unwrap_err(), Full);
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Some(Full));
    }
    drop(inside);
    assert_eq!(gate.count(), (0, 0), "those who gave up hold nothing");
    assert!(gate.enter(1, None, soon()).await.is_ok());
}

#[tokio::test]
async fn a_raised_limit_lets_in_those_who_wait_at_the_next_call() {
    let gate = Arc::new(Gate::default());
    let _inside = gate.enter(1, None, later()).await.unwrap();
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.enter(1, None, later()).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(gate.count(), (1, 4));
    let last = gate.enter(50, None, later()).await;
    assert!(last.is_ok());
    let mut passes = Vec::new();
    for waiting in waiting {
        passes.push(waiting.await.unwrap().unwrap());
    }
    assert_eq!(gate.count(), (6, 0));
}

#[tokio::test]
async fn a_lowered_limit_holds_from_the_next_call_on() {
    let gate = Arc::new(Gate::default());
    let mut inside = vec![
        gate.enter(3, None, soon()).await.unwrap(),
        gate.enter(3, None, soon()).await.unwrap(),
    ];
    assert!(gate.enter(1, None, soon()).await.is_err());
    inside.pop();
    assert!(
        gate.enter(1, None, soon()).await.is_err(),
        "one is still inside"
    );
    inside.pop();
    assert!(gate.enter(1, None, soon()).await.is_ok());
}

#[tokio::test]
async fn who_gave_up_is_not_counted_as_waiting() {
    let gate = Arc::new(Gate::default());
    let _inside = gate.enter(1, None, later()).await.unwrap();
    assert_eq!(gate.enter(1, None, soon()).await.unwrap_err(), Full);
    assert_eq!(gate.count(), (1, 0));
}

#[tokio::test]
async fn who_goes_away_while_it_waits_leaves_no_trace() {
    let gate = Arc::new(Gate::default());
    let inside = gate.enter(1, None, later()).await.unwrap();
    let waiting = {
        let gate = Arc::clone(&gate);
        tokio::spawn(async move { gate.enter(1, None, later()).await })
    };
    tokio::task::yield_now().await;
    assert_eq!(gate.count(), (1, 1));
    waiting.abort();
    assert!(waiting.await.is_err());
    assert_eq!(gate.count(), (1, 0));
    drop(inside);
    assert_eq!(gate.count(), (0, 0));
}

/// Lets four crowds come, each with more than the gate holds, and gives how many of each are in.
async fn crowds(gate: &Arc<Gate>, shares: &[Option<Arc<Share>>]) -> (Vec<Pass>, Vec<usize>) {
    let (mut passes, mut inside) = (Vec::new(), vec![0; shares.len()]);
    for _ in 0..90 {
        for (share, inside) in shares.iter().zip(&mut inside) {
            let now = Instant::now();
            if let Ok(pass) = gate.enter(90, share.as_ref(), now).await {
                passes.push(pass);
                *inside += 1;
            }
        }
    }
    (passes, inside)
}

#[tokio::test]
async fn those_who_share_a_gate_get_equal_parts_and_leave_one_for_the_next() {
    let gate = Arc::new(Gate::default());
    let shares = [(); 4].map(|()| Some(Arc::default()));
    let (passes, inside) = crowds(&gate, &shares).await;
    assert!(
        inside.iter().all(|inside| (19..=21).contains(inside)),
        "{inside:?}"
    );
    let newcomer = Arc::default();
    assert!(gate.enter(90, Some(&newcomer), soon()).await.is_ok());
    drop(passes);
    assert_eq!(gate.count(), (0, 0));
}

#[tokio::test]
async fn control_without_shares_the_crowds_leave_nothing() {
    let gate = Arc::new(Gate::default());
    let (_passes, inside) = crowds(&gate, &[None, None, None, None]).await;
    assert_eq!(inside.iter().sum::<usize>(), 90);
    assert_eq!(gate.enter(90, None, soon()).await.unwrap_err(), Full);
}

#[tokio::test]
async fn who_has_its_part_lets_those_behind_go_first_and_fills_no_queue() {
    let gate = Arc::new(Gate::default());
    let (crowd, single) = (Arc::default(), Arc::default());
    let mut passes = Vec::new();
    while let Ok(pass) = gate.enter(9, Some(&crowd), soon()).await {
        passes.push(pass);
    }
    assert_eq!(passes.len(), 6, "two thirds");
    let waiting: Vec<_> = (0..LEAST_QUEUE)
        .map(|_| {
            let (gate, crowd) = (Arc::clone(&gate), Arc::clone(&crowd));
            tokio::spawn(async move { gate.enter(9, Some(&crowd), later()).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let waits = gate.count().1 as u64;
    assert!(waits < LEAST_QUEUE, "{waits} of {LEAST_QUEUE}");
    let alone = gate.enter(9, Some(&single), soon()).await;
    assert!(alone.is_ok());
    drop(passes);
    let mut served = 0;
    for waiting in waiting {
        served += u64::from(waiting.await.unwrap().is_ok());
    }
    assert_eq!(served, waits, "those who waited are served in the end");
}

use super::*;
use std::collections::BTreeMap;

fn settings(values: &[(Limit, u64)]) -> LimitSettings {
    LimitSettings {
        profile: None,
        values: values.iter().copied().collect(),
    }
}

#[test]
fn every_profile_lies_within_what_may_be_set_and_grows() {
    for limit in Limit::ALL {
        let values: Vec<u64> = Profile::ALL
            .iter()
            .map(|profile| profile.limits().get(*limit))
            .collect();
        assert!(values.is_sorted(), "{limit}: {values:?}");
        for value in values {
            limit.check(value).unwrap();
        }
        assert!(!limit.about().is_empty());
        assert_eq!(limit.as_str().parse(), Ok(*limit));
    }
    assert_eq!(Limits::default(), Profile::Standard.limits());
}

#[test]
fn a_limit_has_one_name_everywhere() {
    let shown = serde_json::to_value(Limits::default()).unwrap();
    for limit in Limit::ALL {
        assert_eq!(
            serde_json::to_value(limit).unwrap(),
            limit.as_str(),
            "in records"
        );
        assert_eq!(shown[limit.as_str()], Limits::default().get(*limit));
    }
    assert_eq!(shown.as_object().unwrap().len(), Limit::ALL.len());
}

#[test]
fn a_lower_level_only_tightens() {
    let platform = settings(&[(Limit::Fuel, 5_000_000)]);
    let workspace = settings(&[(Limit::Fuel, 9_000_000), (Limit::WallMs, 100)]);
    let tool = settings(&[(Limit::Fuel, 2_000_000)]);
    let chain = LimitChain::new(&platform).then(Level::Workspace, &workspace);
    assert_eq!(chain.limits().fuel, 5_000_000);
    let chain = chain.then(Level::Tool, &tool);
    assert_eq!(chain.limits().fuel, 2_000_000);
    assert_eq!(chain.limits().wall_ms, 100);
    assert_eq!(chain.limits().memory_bytes, Limits::default().memory_bytes);
}

#[test]
fn the_level_that_sets_a_value_is_named() {
    let platform = LimitSettings::default();
    let workspace = settings(&[(Limit::WallMs, 100)]);
    let server = settings(&[(Limit::WallMs, 500)]);
    let chain = LimitChain::new(&platform)
        .then(Level::Workspace, &workspace)
        .then(Level::Server, &server);
    let explained = chain.explain();
    let of = |limit| explained.iter().find(|e| e.limit == limit).unwrap();
    let wall = of(Limit::WallMs);
    assert_eq!((wall.value, wall.from), (100, Level::Workspace));
    let steps: Vec<_> = wall.steps.iter().map(|step| step.value).collect();
    assert_eq!(steps, [Some(30_000), Some(100), Some(500)]);
    assert_eq!(of(Limit::Fuel).from, Level::Platform);
    for explained in &explained {
        assert_eq!(explained.value, chain.limits().get(explained.limit));
    }
}

#[test]
fn a_profile_sets_every_limit_and_single_values_go_before_it() {
    let mut own = settings(&[(Limit::WallMs, 7_000)]);
    own.profile = Some(Profile::Small);
    assert_eq!(own.get(Limit::WallMs), Some(7_000));
    assert_eq!(
        own.tighten(Limits::default()),
        Profile::Small.limits().with(Limit::WallMs, 7_000)
    );
    own.profile = Some(Profile::Large);
    assert_eq!(own.of_platform().fuel, Profile::Large.limits().fuel);
    assert_eq!(
        own.tighten(Limits::default()).fuel,
        Limits::default().fuel,
        "a loose profile under a tight level loosens nothing"
    );
}

#[test]
fn settings_are_stored_as_a_flat_object_and_unknown_names_are_refused() {
    let text = r#"{"profile":"small","fuel":5000000}"#;
    let parsed: LimitSettings = serde_json::from_str(text).unwrap();
    assert_eq!(parsed.values, BTreeMap::from([(Limit::Fuel, 5_000_000)]));
    assert_eq!(serde_json::to_string(&parsed).unwrap(), text);
    let unknown = serde_json::from_str::<LimitSettings>(r#"{"fule":1}"#).unwrap_err();
    assert!(unknown.to_string().contains("fule"), "{unknown}");
}

#[test]
fn a_value_out_of_bounds_is_refused_with_the_bounds() {
    let refused = Limit::MemoryBytes.check(1).unwrap_err().to_string();
    assert!(
        refused.contains("memory_bytes") && refused.contains("1 MiB") && refused.contains("2 GiB"),
        "{refused}"
    );
    assert!(settings(&[(Limit::Fuel, u64::MAX)]).check().is_err());
    assert!(
        "fule"
            .parse::<Limit>()
            .unwrap_err()
            .to_string()
            .contains("fuel")
    );
}

#[test]
fn amounts_are_read_as_they_are_shown() {
    for limit in Limit::ALL {
        for value in [
            0,
            1,
            1_500,
            1 << 20,
            64 << 20,
            20_000_000_000,
            limit.ceiling(),
        ] {
            let shown = limit.unit().show(value);
            assert_eq!(limit.unit().parse(&shown), Ok(value), "{shown}");
        }
    }
    assert_eq!(Unit::Bytes.parse("64MiB"), Ok(64 << 20));
    assert_eq!(Unit::Bytes.parse("1_000"), Ok(1_000));
    assert_eq!(Unit::Milliseconds.parse("2min"), Ok(120_000));
    assert_eq!(Unit::Fuel.parse(" 20 g "), Ok(20_000_000_000));
    assert_eq!(Unit::Bytes.show(64 << 20), "64 MiB");
    assert_eq!(Unit::Count.show(1_000), "1 k");
    for wrong in [
        "",
        "MiB",
        "12 parsecs",
        "-1",
        "1e9",
        "99999999999G",
        "1.5MiB",
    ] {
        assert!(Unit::Bytes.parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn limits_of_the_platform_are_within_their_bounds_by_default_and_refused_outside() {
    let mut limits = PlatformLimits::default();
    limits.check().unwrap();
    for limit in limits.all() {
        assert_eq!(limit.value, limit.default, "{}", limit.name);
    }
    limits.sandbox.stack_bytes = 1;
    let refused = limits.check().unwrap_err().to_string();
    assert!(refused.contains("sandbox.stack_bytes"), "{refused}");
}

use std::{
    cell::RefCell,
    net::{Ipv4Addr, Ipv6Addr},
};

use tokio::time::{Instant, advance, timeout};

use super::*;

const DELAY: Duration = Duration::from_millis(250);

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn four(last: u8) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, last), 80).into()
}

fn six(last: u16) -> SocketAddr {
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last), 80).into()
}

#[test]
fn families_take_turns_and_the_order_within_each_stays() {
    #[rustfmt::skip]
    let table = [
        ("none",             vec![],                                          vec![]),
        ("one",              vec![six(1)],                                    vec![six(1)]),
        ("one family",       vec![four(2), four(1), four(3)],                 vec![four(2), four(1), four(3)]),
        ("IPv6 first",       vec![six(1), six(2), six(3), four(1)],           vec![six(1), four(1), six(2), six(3)]),
        ("IPv4 first",       vec![four(1), six(1), six(2)],                   vec![four(1), six(1), six(2)]),
        ("as they come",     vec![six(2), four(2), four(1), six(1), four(3)], vec![six(2), four(2), six(1), four(1), four(3)]),
    ];
    for (name, addresses, expected) in table {
        assert_eq!(take_turns(addresses), expected, "{name}");
    }
}

/// The outcome of an attempt: after a time it connects or fails, or nothing ever comes.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Connects(u64),
    Fails(u64, io::ErrorKind),
    IsSilent,
}

use Fate::{Connects, Fails, IsSilent};
use io::ErrorKind::{
    AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable, NotFound, TimedOut,
};

/// An attempt that is under way; dropping it reduces the count.
struct Attempt<'a>(&'a RefCell<Seen>);

/// When each attempt began, and how many are under way.
#[derive(Default)]
struct Seen {
    began: Vec<u128>,
    under_way: usize,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().under_way -= 1;
    }
}

/// Lets attempts race, the first to 192.0.2.0. Returns the winner, when each attempt began, and when the race ended.
async fn race(fates: &[Fate], delay: Option<Duration>) -> (Result<u8, io::ErrorKind>, Vec<u128>, u128) {
    let start = Instant::now();
    let seen = RefCell::new(Seen::default());
    let dial = |address: SocketAddr| {
        let SocketAddr::V4(address) = address else { panic!("{address}") };
        let index = address.ip().octets()[3];
        {
            let mut seen = seen.borrow_mut();
            seen.began.push(start.elapsed().as_millis());
            seen.under_way += 1;
        }
        let attempt = Attempt(&seen);
        let fate = fates[usize::from(index)];
        async move {
            let _attempt = attempt;
            match fate {
                Connects(after) => {
                    sleep(ms(after)).await;
                    Ok(index)
                }
                Fails(after, kind) => {
                    sleep(ms(after)).await;
                    Err(io::Error::from(kind))
                }
                IsSilent => std::future::pending().await,
            }
        }
    };
    let addresses = (0..u8::try_from(fates.len()).unwrap()).map(four).collect();
    let outcome = timeout(ms(60_000), first(addresses, dial, delay)).await;
    assert_eq!(seen.borrow().under_way, 0, "the other attempts are dropped");
    let outcome = outcome.unwrap_or_else(|_| Err(TimedOut.into()));
    let began = seen.borrow().began.clone();
    (outcome.map_err(|error| error.kind()), began, start.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn the_first_that_connects_is_used_and_the_next_starts_after_a_delay_or_a_failure() {
    #[rustfmt::skip]
    let table: [(&str, &[Fate], Result<u8, io::ErrorKind>, &[u128], u128); 12] = [
        // name                       attempts                                          winner      each began at        ended at
        ("no address",                &[],                                              Err(NotFound), &[],              0),
        ("the only one",              &[Connects(7)],                                   Ok(0),      &[0],                7),
        ("the first is fast",         &[Connects(249), Connects(0)],                    Ok(0),      &[0],                249),
        ("the first is slow",         &[Connects(9000), Connects(50)],                  Ok(1),      &[0, 250],           300),
        ("the first is less slow",    &[Connects(280), Connects(50)],                   Ok(0),      &[0, 250],           280),
        ("the first is refused",      &[Fails(3, ConnectionRefused), Connects(5)],      Ok(1),      &[0, 3],             8),
        ("black holes",               &[IsSilent, IsSilent, IsSilent, Connects(1)],     Ok(3),      &[0, 250, 500, 750], 751),
        ("a failure starts the next", &[IsSilent, Fails(10, TimedOut), IsSilent, Connects(1)], Ok(3), &[0, 250, 260, 510], 511),
        ("a late failure, too",       &[Fails(300, TimedOut), IsSilent, Connects(1)],   Ok(2),      &[0, 250, 300],      301),
        ("all are refused",           &[Fails(1, ConnectionRefused), Fails(2, ConnectionRefused)], Err(ConnectionRefused), &[0, 1], 3),
        ("the last fails first",      &[Fails(900, ConnectionRefused), Fails(1, HostUnreachable)], Err(ConnectionRefused), &[0, 250], 900),
        ("all are silent",            &[IsSilent, IsSilent],                            Err(TimedOut), &[0, 250],        60_000),
    ];
    for (name, fates, winner, began, ended) in table {
        assert_eq!(race(fates, Some(DELAY)).await, (winner, began.into(), ended), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_timer_addresses_are_tried_one_after_the_other() {
    #[rustfmt::skip]
    let table: [(&str, &[Fate], Result<u8, io::ErrorKind>, &[u128], u128); 3] = [
        ("the first is slow",    &[Connects(9000), Connects(50)],               Ok(0),  &[0],        9000),
        ("the first is refused", &[Fails(3, ConnectionRefused), Connects(5)],   Ok(1),  &[0, 3],     8),
        ("all are refused",      &[Fails(1, ConnectionRefused), Fails(2, ConnectionRefused)], Err(ConnectionRefused), &[0, 1], 3),
    ];
    for (name, fates, winner, began, ended) in table {
        assert_eq!(race(fates, None).await, (winner, began.into(), ended), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_is_the_last_one_that_tells_something() {
    #[rustfmt::skip]
    let table = [
        ("the last",          [ConnectionRefused, TimedOut],           TimedOut),
        ("the last",          [TimedOut, ConnectionRefused],           ConnectionRefused),
        ("no IPv6 here",      [ConnectionRefused, NetworkUnreachable], ConnectionRefused),
        ("no address of ours", [ConnectionRefused, AddrNotAvailable],  ConnectionRefused),
        ("no way at all",     [HostUnreachable, NetworkUnreachable],   NetworkUnreachable),
    ];
    for (name, [one, other], expected) in table {
        let (outcome, ..) = race(&[Fails(0, one), Fails(0, other)], Some(DELAY)).await;
        assert_eq!(outcome, Err(expected), "{name}: {one:?}, then {other:?}");
    }
}

/// Dropping the race at any time drops all attempts.
#[tokio::test(start_paused = true)]
async fn a_race_that_is_dropped_drops_its_attempts() {
    for polls in 0..4_usize {
        let under_way = RefCell::new(Seen::default());
        let dial = |_| {
            under_way.borrow_mut().under_way += 1;
            let attempt = Attempt(&under_way);
            async move {
                let _attempt = attempt;
                std::future::pending::<io::Result<()>>().await
            }
        };
        let mut racing = Box::pin(first((0..3).map(four).collect(), dial, Some(DELAY)));
        for _ in 0..polls {
            poll_fn(|cx| {
                assert!(racing.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            advance(DELAY).await;
        }
        assert_eq!(under_way.borrow().under_way, polls.min(3), "{polls} polls");
        drop(racing);
        assert_eq!(under_way.borrow().under_way, 0, "{polls} polls");
    }
}

#[tokio::test]
async fn an_error_names_each_address_and_why_it_failed() {
    let refused = |count: u8| async move {
        let dial = |_| std::future::ready(Err::<(), _>(io::Error::from(ConnectionRefused)));
        first((1..=count).map(four).collect(), dial, None).await.unwrap_err().to_string()
    };
    assert_eq!(refused(0).await, "the name has no address");
    assert_eq!(refused(1).await, "192.0.2.1:80: connection refused");
    assert_eq!(refused(2).await, "192.0.2.1:80: connection refused; 192.0.2.2:80: connection refused");
    assert!(refused(8).await.ends_with("; 192.0.2.8:80: connection refused"));
    assert!(refused(9).await.ends_with("; 192.0.2.8:80: connection refused; and 1 more"));
}

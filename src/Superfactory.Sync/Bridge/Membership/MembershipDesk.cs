using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge.Measuring;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Membership;

/// <summary>
/// A bridge's part in its run's membership: keeps promises on disk, tells whoever started the bridge what the control plane goes by, and
/// listens whether the other members are there. For one thread, apart from what it is given to run.
/// </summary>
/// <param name="promises">Where promises are kept.</param>
/// <param name="peers">The other islands.</param>
/// <param name="post">Takes events.</param>
/// <param name="run">Runs something that takes its time, and then gives the loop its input.</param>
/// <param name="time">Its clock.</param>
/// <param name="trainer">Whether this island's own trainer stalls: as long as it does, the others are to go on without the island.</param>
internal sealed class MembershipDesk(
    PromiseFile promises, BridgePeers peers, Action<BridgeEvent> post, Action<Func<HostInput>> run, TimeProvider time, TrainerWatch trainer)
{
    private readonly HearingWatch _hearing = new(time);
    private MergeEffect? _held;
    private readonly RoundTrips _trips = new(time);
    private ImmutableArray<string> _missing = [];
    private ImmutableArray<IslandRejection> _rejected = [];

    /// <summary>The longest round trip to another island's bridge, in microseconds; 0 where none is measured.</summary>
    public long RoundTripMicroseconds => _trips.LongestMicroseconds;

    /// <summary>Something came from a peer.</summary>
    public void Heard(int island, MergeMessage message)
    {
        _hearing.Heard(island);
        if (message is AliveMessage alive)
        {
            _trips.Heard(island, alive);
        }
    }

    /// <summary>A peer cannot be reached.</summary>
    public void Lost(int island) => _trips.Forget(island);

    /// <summary>Carries out what the machine wants of it.</summary>
    /// <returns>False where it is nothing for this desk.</returns>
    public bool TryCarry(MergeEffect effect)
    {
        switch (effect)
        {
            case MergeEffect.KeepPromise or MergeEffect.Level when trainer.IsStalled:
                // Neither does it stay a member, nor does it become one, before its trainer steps.
                _held = effect;
                return true;
            case MergeEffect.KeepPromise promise:
                run(() =>
                {
                    promises.Save(promise.Epoch);
                    return new HostInput.Promised(promise.Epoch);
                });
                return true;
            case MergeEffect.Sealed said:
                post(new BridgeEvent.Sealed(said.Epoch, said.Round));
                return true;
            case MergeEffect.Level level:
                post(new BridgeEvent.Level(level.Epoch));
                return true;
            case MergeEffect.TellLanes tell:
                post(new BridgeEvent.Lane(tell.Status));
                return true;
            default:
                return false;
        }
    }

    /// <summary>A quarter of a second passed: says to the others that this bridge is there, and here whom it waits for and does not hear, and whom it does not accept.</summary>
    public void Tick(MergeMachine machine, RunEpoch epoch)
    {
        if (!trainer.IsStalled)
        {
            peers.Beat(epoch, _trips.Next);
            GoOn(epoch);
        }

        _hearing.Look();
        var missing = ImmutableArray.CreateBuilder<string>();
        for (var island = 0; island < epoch.Roster.Length; island++)
        {
            if (machine.IsFellow(island) && (_hearing.IsMissed(island) || machine.IsMistrusted(island)) && machine.IsWaiting)
            {
                missing.Add(epoch.Roster[island]);
            }
        }

        if (!missing.SequenceEqual(_missing))
        {
            _missing = missing.ToImmutable();
            post(new BridgeEvent.Missing(_missing));
        }

        var rejected = machine.Rejections;
        if (!rejected.AsSpan().SequenceEqual(_rejected.AsSpan()))
        {
            _rejected = rejected;
            post(new BridgeEvent.Rejecting(rejected));
        }
    }

    /// <summary>Carries out what was held back while the trainer stalled, where it is still of this epoch.</summary>
    private void GoOn(RunEpoch epoch)
    {
        var (held, number) = (_held, _held switch { MergeEffect.KeepPromise promise => promise.Epoch, MergeEffect.Level level => level.Epoch, _ => 0 });
        _held = null;
        if (held is not null && number == epoch.Number)
        {
            TryCarry(held);
        }
    }
}

using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Bridge.Measuring;
using Superfactory.Sync.Bridge.Membership;
using Superfactory.Sync.Bridge.Memory;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Bridge.Trainer;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge;

/// <summary>
/// Runs one island's <see cref="MergeMachine"/>: everything that happens around it comes through one channel and is taken by one
/// loop, which alone touches the machine, the trainer's desk and the reporter, and carries out what the machine wants in its order.
/// </summary>
internal sealed partial class BridgeHost : IDisposable
{
    /// <summary>
    /// Things that may wait for the loop. A message of a peer is the largest, 256 KiB: 64 MiB at most. Whoever has more to say
    /// waits, and holds its own side back; the loop itself never waits for anyone.
    /// </summary>
    public const int InputsMax = 256;

    /// <summary>How long a bridge whose run is over stays for peers that say nothing any more.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(5);

    private readonly BridgeConfiguration _configuration;
    private readonly IPeerTransport _transport;
    private readonly ChannelReader<BridgeCommand> _commands;
    private readonly TimeProvider _time;
    private readonly BridgeEventQueue _events;
    private readonly BridgeReporter _reporter;
    private readonly ConnectionCloser _closer = new();
    private readonly MergeMachine _machine;
    private readonly BridgePeers _peers;
    private readonly StallWatch _stalls;
    private readonly GraceWatch _grace;
    private readonly MembershipDesk _membership;
    private readonly TrainerWatch _trainer;
    private readonly TrainerDesk _desk;
    private readonly CheckpointClerk _clerk;
    private readonly RoundMeter? _meter;
    private readonly Queue<MergeInput> _forMachine = new();

    // Where the loop waits, whoever has something runs it at once: a message is merged on the thread that read it, still in its cache.
    private readonly Channel<HostInput> _inputs = Channel.CreateBounded<HostInput>(
        new BoundedChannelOptions(InputsMax) { SingleReader = true, AllowSynchronousContinuations = true });
    private HostSources? _sources;
    private RunEpoch _epoch;
    private ImmutableArray<string> _roster;
    private BridgeEnd? _end;
    private long? _quietSince;
    private bool _closed;
    private bool _saving;

    /// <summary>A bridge that has not begun.</summary>
    /// <param name="configuration">Which island it serves.</param>
    /// <param name="transport">Reaches its peers; the host ends it.</param>
    /// <param name="commands">What it is told; their end is a command to stop.</param>
    /// <param name="emit">Takes its events, one after another.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="checkpoint">What the run goes on from; null where this site has it not, or the run begins.</param>
    public BridgeHost(
        BridgeConfiguration configuration,
        IPeerTransport transport,
        ChannelReader<BridgeCommand> commands,
        Func<BridgeEvent, CancellationToken, ValueTask> emit,
        TimeProvider time,
        CheckpointState? checkpoint = null)
    {
        (_configuration, _transport, _commands, _time, _epoch, _roster) = (configuration, transport, commands, time, configuration.Epoch, configuration.Epoch.Roster);
        var promises = new PromiseFile(configuration.GangDirectory);
        _machine = new MergeMachine(new MergeConfiguration
        {
            Self = configuration.Index, Lane = configuration.Lane, Lanes = configuration.Specification.LaneCount,
            Epoch = configuration.Epoch, Incarnation = configuration.Incarnation, Promised = promises.Load(),
            Sync = configuration.Specification.Sync, Budget = configuration.Specification.Budget,
            Checkpoint = checkpoint,
            Restores = configuration.Checkpoints is { Restores: true }, IsNear = configuration.Direct is not null,
        });
        _events = new BridgeEventQueue(emit);
        _meter = configuration.Specification.Sync.Mode == SyncMode.Auto ? new RoundMeter(time, () => _machine.Schedule) : null;
        _reporter = new BridgeReporter(_events, Progress, () => _machine.Mode, time, _meter);
        _stalls = new StallWatch(time, StallWatch.StallMax);
        _grace = new GraceWatch(time, TimeSpan.FromSeconds(configuration.Specification.Sync.Grace));

        // Where the loop has so much to do that this is left out, it looks by itself.
        _peers = new BridgePeers(configuration.Island, configuration.Epoch, transport, () => _inputs.Writer.TryWrite(new HostInput.Carried()));
        _trainer = new TrainerWatch(configuration.Island, TimeSpan.FromSeconds(configuration.Specification.Sync.Stall), _reporter.Note, time);
        _membership = new MembershipDesk(promises, _peers, _events.Post, work => _sources!.Run(work), time, _trainer);
        _desk = new TrainerDesk(configuration, _reporter, _closer, _forMachine.Enqueue, reason => _end ??= BridgeEnd.Failed(reason, retriable: false),
            () => _machine.ReadsTrainerMemory);
        _clerk = new CheckpointClerk(configuration, _machine, _desk, _events, time, checkpoint?.Round ?? 0, () => _inputs.Writer.TryWrite(new HostInput.Carried()));
    }

    /// <summary>Runs until the run is over, it fails, it is told to stop, or the token is cancelled, which stops it too. Called once.</summary>
    /// <returns>The exit code, as <see cref="BridgeProgram"/> gives it.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var emitting = _events.RunAsync(CancellationToken.None);
        var end = BridgeEnd.Stopped;
        try
        {
            end = await ServeAsync(emitting, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            end = BridgeEnd.Stopped;
        }
        catch (Exception error)
        {
            end = BridgeEnd.Broken(_configuration.Island, error);
            throw;
        }
        finally
        {
            // A failure is said before the trainer hears of it, whose end would be taken for the cause otherwise;
            // a result is said when peers have what they need, because whoever reads it may end this process.
            if (end.Event is BridgeEvent.Failed)
            {
                await _events.CompleteAsync(end.Event);
            }

            await LeaveAsync(end);
            await _clerk.CompleteAsync();
            await _events.CompleteAsync(end.Event);
            await emitting;
        }

        return end.ExitCode;
    }

    /// <summary>Frees what is left; after <see cref="RunAsync"/> nothing is.</summary>
    public void Dispose()
    {
        _peers.Dispose();
        _desk.Dispose();
    }

    private async Task<BridgeEnd> ServeAsync(Task emitting, CancellationToken cancellationToken)
    {
        var listening = TrainerListener.Listen(_configuration.TrainerSocket);
        if (!listening.Succeeded)
        {
            return BridgeEnd.Unreachable(listening.Problems[0].ToString());
        }

        using var listener = listening.Value;
        ArenaSweeper.Sweep(_configuration.ArenaDirectory, _time);
        _clerk.Sweep();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sources = _sources = new HostSources(_inputs.Writer, _time, stopping.Token);

        // A tick that finds the loop behind is left out: the next one does the same.
        await using var timer = _time.CreateTimer(
            _ => _inputs.Writer.TryWrite(new HostInput.Tick()), null, BridgeReporter.IntervalMin, BridgeReporter.IntervalMin);
        try
        {
            sources.Run(() => emitting.WaitAsync(stopping.Token));
            sources.Run(() => _peers.SendAsync().WaitAsync(stopping.Token));
            sources.Hear(_transport);
            sources.Obey(_commands);
            await _peers.WatchAsync(stopping.Token);
            sources.Accept(listener);
            _events.Post(new BridgeEvent.Ready());
            while (_end is null)
            {
                Take(await _inputs.Reader.ReadAsync(stopping.Token), sources);
            }

            return _end;
        }
        catch (PeerTransportException error)
        {
            return BridgeEnd.Unreachable(error.Message);
        }
        finally
        {
            await stopping.CancelAsync();
            await sources.WaitAsync();
            while (_inputs.Reader.TryRead(out var late))
            {
                if (late is HostInput.Connected connected)
                {
                    _closer.Close(connected.Connection);
                }
            }
        }
    }

    private void Take(HostInput input, HostSources sources)
    {
        switch (input)
        {
            case HostInput.Peer peer:
                _quietSince = _quietSince is null ? null : _time.GetTimestamp();
                _peers.Take(peer.Event, _epoch, _forMachine.Enqueue);
                break;
            case HostInput.Connected connected:
                if (_desk.Connect(connected.Connection))
                {
                    sources.Read(connected.Connection);
                }

                break;
            case HostInput.Said said:
                _trainer.Hear(said.Message.Value);
                _desk.Hear(said.Connection, said.Message);
                break;
            case HostInput.HungUp hungUp:
                _desk.HangUp(hungUp.Connection);
                break;
            case HostInput.Commanded commanded:
                Obey(commanded.Command);
                break;
            case HostInput.Tick:
                _reporter.Tick();
                WatchForStalls();
                _trainer.Look(_desk.IsDue);
                _membership.Tick(_machine, _epoch);
                CloseWhenSilent();
                break;
            case HostInput.Promised promised:
                _forMachine.Enqueue(new MergeInput.PromiseKept(promised.Epoch));
                break;
            case HostInput.Carried:
                break;
            case HostInput.Broken broken:
                ExceptionDispatchInfo.Throw(broken.Error);
                break;
            default:
                throw new InvalidOperationException($"{input.GetType().Name} is no input of a bridge.");
        }

        _peers.TakeCarried(_epoch, _forMachine.Enqueue);
        RunMachine();
        _clerk.Look();
        RunMachine();
        EndWhenOver();
        _desk.GiveArena();
        if (input is HostInput.Peer { Event: PeerEvent.Delivered { Release: { } release } })
        {
            // The machine has copied what it needs: a round's chunks go through the same few buffers.
            release();
        }
    }

    private void RunMachine()
    {
        while (_end is null && _forMachine.TryDequeue(out var forMachine))
        {
            if (forMachine is MergeInput.Received { Island: var alive, Message: var message })
            {
                _stalls.Heard(alive);
                _membership.Heard(alive, message);
                if (message is ChunkMessage chunk)
                {
                    _meter?.Arrived(chunk.Bytes.Length);
                }
            }
            else if (forMachine is MergeInput.PeerDown { Island: var lost })
            {
                _membership.Lost(lost);
            }

            foreach (var effect in _machine.Handle(forMachine))
            {
                Carry(effect);
            }
        }
    }

    private void Obey(BridgeCommand command)
    {
        switch (command)
        {
            case BridgeCommand.EpochDecided decided when decided.Epoch.IsNewerThan(_epoch):
                (_epoch, _roster) = (decided.Epoch, decided.Epoch.Roster);
                _forMachine.Enqueue(new MergeInput.EpochChanged(decided.Epoch));
                break;
            case BridgeCommand.TrainerLost when !_desk.IsTrainerAlive():
                _desk.Leave();
                break;
            case BridgeCommand.LaneSaid said:
                _forMachine.Enqueue(new MergeInput.LaneSaid(said.Status));
                break;
            case BridgeCommand.LaneCutSaid said:
                _clerk.Hear(said.Cut);
                break;
            case BridgeCommand.WriteCheckpoints wanted:
                _clerk.Write(wanted.Writes);
                break;
            case BridgeCommand.Hold:
                _clerk.Hold();
                break;
            case BridgeCommand.GoOn:
                _clerk.GoOn();
                break;
            case BridgeCommand.Stop:
                _end ??= BridgeEnd.Stopped;
                break;
        }
    }

    private void Carry(MergeEffect effect)
    {
        switch (effect)
        {
            case MergeEffect.Send send:
                var island = _roster[send.Island];
                if (!_peers.TrySend(island, send.Message))
                {
                    _end ??= BridgeEnd.Unreachable(
                        $"{island} takes nothing from {_configuration.Island}: {PeerSender.MessagesMax} messages wait for it.");
                }

                break;
            case MergeEffect.Note note:
                _reporter.Note(note.Text);
                break;
            case MergeEffect.Fail fail:
                _end ??= BridgeEnd.Failed(fail.Reason, fail.Retriable, fail.Outrun);
                break;
            case MergeEffect.Closed:
                _closed = true;
                break;
            case MergeEffect.Done:
                _desk.Carry(effect);
                _quietSince = _time.GetTimestamp();
                break;
            case MergeEffect.Drop drop:
                _peers.Drop(_roster[drop.Island]);
                break;
            default:
                if (!_membership.TryCarry(effect))
                {
                    _desk.Carry(effect);
                }

                break;
        }
    }

    private RunProgress Progress() => _meter is { } meter
        ? _machine.Progress with { Measured = meter.Measured(_desk.Parameters * sizeof(float), _desk.Fragments, _membership.RoundTripMicroseconds) }
        : _machine.Progress;

    private void WatchForStalls()
    {
        var attempt = _machine.Attempt;
        if (_grace.IsOver(attempt, _machine.IsQuorate))
        {
            _forMachine.Enqueue(new MergeInput.GraceOver(attempt));
        }

        _stalls.Look(attempt);
        for (var island = 0; island < _roster.Length; island++)
        {
            if (_stalls.IsStalled(island, _machine.IsAwaited(island)))
            {
                // One at a time: what becomes of it may settle the others.
                _forMachine.Enqueue(new MergeInput.Stalled(island, attempt));
                return;
            }
        }
    }
}

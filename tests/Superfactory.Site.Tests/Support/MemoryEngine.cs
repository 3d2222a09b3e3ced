using System.Collections.Concurrent;
using System.Threading.Channels;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Site.Engines;
using Superfactory.Site.Gangs;

namespace Superfactory.Site.Tests.Support;

/// <summary>An engine whose gangs live in memory: tests say what happens in them, and see what they are told.</summary>
internal sealed class MemoryEngine : IEngine
{
    private readonly Channel<MemoryGang> _started = Channel.CreateUnbounded<MemoryGang>();

    public ConcurrentQueue<string> Order { get; } = new();

    public async Task<MemoryGang> NextAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        return await _started.Reader.ReadAsync(limit.Token);
    }

    public bool HasStartedMore => _started.Reader.TryPeek(out _);

    /// <summary>Says all that a gang needs, without a file.</summary>
    public static Outcome<GangSpecification> Prepare(GangAssignment assignment) => new(new GangSpecification
    {
        Assignment = assignment,
        GangDirectory = "/none",
        RuntimeDirectory = "/none",
        OutputDirectory = "/none",
        GatewaySocket = "/none",
        PythonDirectory = "/none",
        Cores = 1,
        Self = new SelfCommand("/none", []),
    });

    public async Task<Outcome<IGang>> StartAsync(GangSpecification specification, CancellationToken cancellationToken)
    {
        Order.Enqueue($"start {specification.Assignment.Job}-{specification.Assignment.Incarnation}");
        var gang = new MemoryGang(specification.Assignment, Order);
        await _started.Writer.WriteAsync(gang, cancellationToken);
        return new(gang);
    }

    public Task<IReadOnlyList<OrphanedGang>> FindOrphansAsync(string gangsDirectory, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<OrphanedGang>>([]);

    public Task<Outcome<string[]>> EndLeftoversAsync(string gangsDirectory, IReadOnlySet<string> adopted, CancellationToken cancellationToken) => Task.FromResult(new Outcome<string[]>(Array.Empty<string>()));
}

/// <summary>A gang that lives in memory.</summary>
internal sealed class MemoryGang(GangAssignment assignment, ConcurrentQueue<string> order) : IGang
{
    private readonly Channel<GangEvent> _events = Channel.CreateUnbounded<GangEvent>();
    private readonly Channel<RunEpoch> _epochs = Channel.CreateUnbounded<RunEpoch>();
    private readonly Channel<GangCheckpoints> _checkpoints = Channel.CreateUnbounded<GangCheckpoints>();
    private readonly Channel<long?> _leases = Channel.CreateUnbounded<long?>();
    private readonly TaskCompletionSource _stopAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GangAssignment Assignment => assignment;

    public Task StopAsked => _stopAsked.Task.WaitAsync(Patience.Limit);

    public void Say(GangEvent said)
    {
        if (said.IsLast)
        {
            order.Enqueue($"end {assignment.Job}-{assignment.Incarnation}");
        }

        _events.Writer.TryWrite(said);
        if (said.IsLast)
        {
            _events.Writer.Complete();
        }
    }

    public async Task<RunEpoch> NextEpochAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        return await _epochs.Reader.ReadAsync(limit.Token);
    }

    public IAsyncEnumerable<GangEvent> ReadEventsAsync() => _events.Reader.ReadAllAsync();

    public async Task<GangCheckpoints> NextCheckpointsAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        return await _checkpoints.Reader.ReadAsync(limit.Token);
    }

    public async Task<long?> NextLeaseAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        return await _leases.Reader.ReadAsync(limit.Token);
    }

    public async Task TellAsync(GangCommand said)
    {
        if (said is GangCommand.EpochDecided decided)
        {
            await _epochs.Writer.WriteAsync(decided.Epoch);
        }
        else if (said is GangCommand.CheckpointsWanted wanted)
        {
            await _checkpoints.Writer.WriteAsync(wanted.Wanted);
        }
        else if (said is GangCommand.Extend extend)
        {
            await _leases.Writer.WriteAsync(extend.Until);
        }
    }

    public Task StopAsync()
    {
        _stopAsked.TrySetResult();
        return Task.CompletedTask;
    }
}

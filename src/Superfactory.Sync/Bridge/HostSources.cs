using System.Threading.Channels;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Bridge;

/// <summary>
/// Everything that has something for a bridge's loop: peers, trainers, commands, the clock. Each waits where the loop is behind.
/// What goes wrong in one of them becomes an input like any other.
/// </summary>
internal sealed class HostSources
{
    private readonly ChannelWriter<HostInput> _inputs;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly List<Task> _running = [];

    /// <summary>Sources of <paramref name="inputs"/>, which end when <paramref name="stopping"/> is cancelled.</summary>
    public HostSources(ChannelWriter<HostInput> inputs, TimeProvider time, CancellationToken stopping) =>
        (_inputs, _time, _stopping) = (inputs, time, stopping);

    /// <summary>Accepts connections of trainers.</summary>
    public void Accept(TrainerListener listener) => Run(async () =>
    {
        while (true)
        {
            var connection = new TrainerConnection(await listener.AcceptAsync(_stopping), _time);
            await _inputs.WriteAsync(new HostInput.Connected(connection), _stopping);
        }
    });

    /// <summary>Reads what a trainer says until its connection ends.</summary>
    public void Read(TrainerConnection connection) => Run(async () =>
    {
        await connection.ReadAsync(said => _inputs.WriteAsync(new HostInput.Said(connection, said), _stopping), _stopping);
        await _inputs.WriteAsync(new HostInput.HungUp(connection), _stopping);
    });

    /// <summary>Reads what happens to peers.</summary>
    public void Hear(IPeerTransport transport) => Run(async () =>
    {
        await foreach (var happened in transport.ReadEventsAsync(_stopping))
        {
            await _inputs.WriteAsync(new HostInput.Peer(happened), _stopping);
        }
    });

    /// <summary>Reads commands; their end is a command to stop.</summary>
    public void Obey(ChannelReader<BridgeCommand> commands) => Run(async () =>
    {
        await foreach (var command in commands.ReadAllAsync(_stopping))
        {
            await _inputs.WriteAsync(new HostInput.Commanded(command), _stopping);
        }

        await _inputs.WriteAsync(new HostInput.Commanded(new BridgeCommand.Stop()), _stopping);
    });

    /// <summary>Runs something that ends by itself, and reports where it breaks.</summary>
    public void Run(Func<Task> source)
    {
        _running.RemoveAll(static task => task.IsCompletedSuccessfully);
        _running.Add(Task.Run(() => WatchAsync(source)));
    }

    /// <summary>Runs something on another thread, and gives the loop what came of it.</summary>
    public void Run(Func<HostInput> work) => Run(async () => await _inputs.WriteAsync(work(), _stopping));

    /// <summary>Completes when all sources have ended.</summary>
    public Task WaitAsync() => Task.WhenAll(_running);

    private async Task WatchAsync(Func<Task> source)
    {
        try
        {
            await ReportAsync(source);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The bridge ends; its sources end with it.
            return;
        }
    }

    private async Task ReportAsync(Func<Task> source)
    {
        try
        {
            await source();
        }
        catch (Exception error) when (error is not OperationCanceledException || !_stopping.IsCancellationRequested)
        {
            await _inputs.WriteAsync(new HostInput.Broken(error), _stopping);
        }
    }
}

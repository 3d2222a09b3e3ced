using Superfactory.Control.Grants;
using Superfactory.Control.Reading;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Writing;

namespace Superfactory.Control.Hosting;

/// <summary>Starts and ends what runs beside the API: the telemetry's writer, the factory's writer, the leases, the grants, the watch of the links.</summary>
internal sealed class FactoryRuntime
{
    private readonly FactoryWriter _writer;
    private readonly LeaseClock _leases;
    private readonly GrantClock _grants;
    private readonly LinkClock _links;
    private readonly TelemetryStore _store;
    private readonly IslandBoard _board;
    private readonly ILogger<FactoryRuntime> _logger;

    // The desk and the publisher listen to the writer from their making on; they are asked for so that they are made before it starts.
    public FactoryRuntime(
        FactoryWriter writer, LeaseClock leases, GrantClock grants, LinkClock links, TelemetryStore store, IslandBoard board, InstructionsDesk desk, Publisher publisher, ILogger<FactoryRuntime> logger)
    {
        (_writer, _leases, _grants, _links, _store, _board, _logger) = (writer, leases, grants, links, store, board, logger);
        ArgumentNullException.ThrowIfNull(desk);
        ArgumentNullException.ThrowIfNull(publisher);
    }

    /// <summary>Ends when the factory's writer does; faulted where the journal could not be written.</summary>
    public Task Ended => _writer.Ended;

    public void Start()
    {
        var state = _writer.State;
        ControlLog.Recovered(_logger, state.Revision, state.Sites.Count, state.Jobs.Count, state.OpenJobs.Count);
        _board.Restore(_store.ReadBoard());
        _board.Mark(state, state.Jobs.Keys);
        _store.IsOpen = job => _writer.State.OpenJobs.Contains(job);
        _store.Start();
        _writer.Start();
        _leases.Start();
        _grants.Start();
        _links.Start();
    }

    public async Task StopAsync()
    {
        _leases.Stop();
        _links.Stop();
        _grants.Dispose();
        await _writer.DisposeAsync();
        await _store.DisposeAsync();
    }
}

using Superfactory.Control.Events;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Writing;
using Superfactory.Core;

namespace Superfactory.Control.Reading;

/// <summary>Carries each committed step outside: events to subscribers, traffic marks to the board.</summary>
internal sealed class Publisher
{
    private readonly FactoryWriter _writer;
    private readonly ViewBuilder _views;
    private readonly EventHub _hub;
    private readonly IslandBoard _board;

    public Publisher(FactoryWriter writer, ViewBuilder views, EventHub hub, IslandBoard board)
    {
        (_writer, _views, _hub, _board) = (writer, views, hub, board);
        writer.Stepped += Publish;
    }

    /// <summary>Tells subscribers that something newer is known of jobs.</summary>
    public void PublishJobs(IEnumerable<long> jobs)
    {
        var state = _writer.State;
        foreach (var id in jobs.Where(id => _hub.IsWanted(id)))
        {
            if (state.Jobs.TryGetValue(id, out var job))
            {
                _hub.Publish(FactoryEvent.Of(_views.Job(state, job)));
            }
        }
    }

    private void Publish(FactoryState state, FactoryEffects effects)
    {
        _board.Mark(state, effects.Jobs);
        PublishJobs(effects.Jobs);
        foreach (var site in effects.Sites.Where(_ => _hub.IsWanted(null)))
        {
            _hub.Publish(FactoryEvent.Of(_views.Site(state, state.Sites[site])));
        }
    }
}

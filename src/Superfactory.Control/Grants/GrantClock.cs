using Superfactory.Control.Hosting;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Model.Fleet;
using Superfactory.Model.Wan;
using Superfactory.Routing;
using Superfactory.Routing.Grants;

namespace Superfactory.Control.Grants;

/// <summary>Makes grants from the newest reports, about once a second. Safe to use from any thread.</summary>
internal sealed class GrantClock(FactoryWriter writer, IslandBoard board, GrantBoard grants, TimeProvider time, ILogger<GrantClock> logger) : IDisposable
{
    /// <summary>How often grants are made, in milliseconds: twice as seldom as agents report, so that each time there is something new from all.</summary>
    public const int PeriodMilliseconds = 1_000;

    /// <summary>After a computation, this many times as long nothing is computed: at most one twentieth of one processor goes into grants.</summary>
    private const int RestFactor = 19;

    private readonly Lock _looking = new();
    private GrantPlan _plan = GrantPlan.Empty;
    private ITimer? _timer;
    private long _restUntil;

    public void Start()
        => _timer = time.CreateTimer(_ => Look(), null, TimeSpan.FromMilliseconds(PeriodMilliseconds), TimeSpan.FromMilliseconds(PeriodMilliseconds));

    /// <summary>Makes grants now, unless that is under way or was too much work a moment ago.</summary>
    public void Look()
    {
        if (!_looking.TryEnter())
        {
            return;
        }

        try
        {
            var began = time.GetTimestamp();
            if (began < _restUntil)
            {
                return;
            }

            var state = writer.State;
            _plan = GrantPlanner.Plan(
                board.Reports(state),
                [.. FleetRates.All(state).Select(static each => new WanPath { Sites = each.Rate.Route, BytesPerSecond = each.Rate.BytesPerSecond })],
                _plan,
                [.. FleetRates.Links(state).SelectMany(static link => new[] { Direction(link.A, link.B, link), Direction(link.B, link.A, link) })]);
            grants.Set(_plan.Routes);
            var ended = time.GetTimestamp();
            _restUntil = ended + ((ended - began) * RestFactor);
        }
        catch (Exception fault)
        {
            // Thrown out of a timer, it would end the process. Without grants everything goes on, each link shared out by its own gateway.
            ControlLog.GrantsFailed(logger, fault);
            _plan = GrantPlan.Empty;
            grants.Set([]);
        }
        finally
        {
            _looking.Exit();
        }
    }

    public void Dispose() => _timer?.Dispose();

    private static WanLink Direction(string from, string to, FleetLink link) => new(from, to, link.Bandwidth.BitsPerSecond / 8);
}

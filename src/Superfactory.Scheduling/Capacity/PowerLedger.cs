using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Capacity;

/// <summary>Which budget of power is meant.</summary>
public enum PowerLevel
{
    /// <summary>A rack's.</summary>
    Rack,

    /// <summary>A row's.</summary>
    Row,

    /// <summary>A site's.</summary>
    Site,

    /// <summary>The fleet's.</summary>
    Fleet,
}

/// <summary>
/// What is drawn at each budget, in watts: the idle watts of nodes that are on, and of each job the watts that its accelerators add at the share of
/// the peak that it declares. Not safe for concurrent use.
/// </summary>
internal sealed class PowerLedger
{
    private readonly long[] _rackBudget, _rackDrawn, _rowBudget, _rowDrawn, _siteBudget, _siteDrawn;
    private long _fleetDrawn;

    /// <summary>A ledger of nothing but idle nodes.</summary>
    public PowerLedger(FleetSpecification fleet, FleetLayout layout)
    {
        Layout = layout;
        FleetBudget = fleet.Power?.Watts ?? long.MaxValue;
        (_rackBudget, _rackDrawn) = (new long[layout.Racks.Length], new long[layout.Racks.Length]);
        (_rowBudget, _rowDrawn) = (new long[layout.Rows.Length], new long[layout.Rows.Length]);
        (_siteBudget, _siteDrawn) = (new long[layout.SiteNames.Length], new long[layout.SiteNames.Length]);
        for (var site = 0; site < _siteBudget.Length; site++)
        {
            _siteBudget[site] = fleet.Sites[site].Power?.Watts ?? long.MaxValue;
        }

        for (var row = 0; row < _rowBudget.Length; row++)
        {
            _rowBudget[row] = layout.Rows[row].BudgetWatts;
        }

        for (var rack = 0; rack < _rackBudget.Length; rack++)
        {
            _rackBudget[rack] = layout.Racks[rack].BudgetWatts;
            Draw(rack, layout.Racks[rack].IdleWatts);
        }
    }

    /// <summary>Where racks are.</summary>
    public FleetLayout Layout { get; }

    /// <summary>What the fleet may draw; <see cref="long.MaxValue"/> where nothing limits it.</summary>
    public long FleetBudget { get; private set; }

    /// <summary>What is left of a budget; negative where it is exceeded.</summary>
    public long Left(PowerLevel level, int index) => level switch
    {
        PowerLevel.Rack => _rackBudget[index] - _rackDrawn[index],
        PowerLevel.Row => _rowBudget[index] - _rowDrawn[index],
        PowerLevel.Site => _siteBudget[index] - _siteDrawn[index],
        _ => FleetBudget - _fleetDrawn,
    };

    /// <summary>What is drawn at a budget.</summary>
    public long Drawn(PowerLevel level, int index) => level switch
    {
        PowerLevel.Rack => _rackDrawn[index],
        PowerLevel.Row => _rowDrawn[index],
        PowerLevel.Site => _siteDrawn[index],
        _ => _fleetDrawn,
    };

    /// <summary>Whether a rack and its row can draw that much more. Sites and the fleet are asked once for a whole gang.</summary>
    public bool FitsRack(int rack, long watts)
    {
        var row = Layout.Racks[rack].Row;
        return watts <= _rackBudget[rack] - _rackDrawn[rack] && watts <= _rowBudget[row] - _rowDrawn[row];
    }

    /// <summary>Raises a budget by so much, or lowers it where negative; one that nothing limits stays so.</summary>
    public void Raise(PowerLevel level, int index, long watts)
    {
        switch (level)
        {
            case PowerLevel.Rack:
                Raise(ref _rackBudget[index], watts);
                break;
            case PowerLevel.Row:
                Raise(ref _rowBudget[index], watts);
                break;
            case PowerLevel.Site:
                Raise(ref _siteBudget[index], watts);
                break;
            default:
                FleetBudget += FleetBudget == long.MaxValue ? 0 : watts;
                break;
        }
    }

    private static void Raise(ref long budget, long watts) => budget += budget == long.MaxValue ? 0 : watts;

    /// <summary>Adds what a rack draws, or takes it away where negative.</summary>
    public void Draw(int rack, long watts)
    {
        ref readonly var place = ref Layout.Racks.AsSpan()[rack];
        _rackDrawn[rack] += watts;
        _rowDrawn[place.Row] += watts;
        _siteDrawn[place.Site] += watts;
        _fleetDrawn += watts;
    }
}

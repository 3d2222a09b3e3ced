using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Fleet;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Fleet;

/// <summary>A fleet as lines of text, as its file has it or as it is used now. Pure.</summary>
internal static partial class FleetText
{
    private const int BarMin = 10, BarMax = 40;
    private const int BesideBar = 60;

    /// <summary>The drawing: the fleet, each site with its floors and rows, and links.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="width">Columns that there are.</param>
    /// <param name="load">How it is used now; null for what its file says, with the sources of its hardware's figures.</param>
    public static ImmutableArray<string> Lines(FleetSpecification fleet, int width, FleetLoadView? load = null)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        var totals = FleetTotals.Of(fleet.Racks);
        var bar = Math.Clamp(width - BesideBar, BarMin, BarMax);
        lines.Add($"{fleet.Name}: {Count(fleet.Sites.Length, "site")}, {Sums(totals)}");
        AddPower(lines, totals, fleet.Power, load?.Use, bar);
        AddUse(lines, load?.Use, load?.Queues ?? [], bar);
        foreach (var site in fleet.Sites)
        {
            lines.Add(string.Empty);
            AddSite(lines, site, load?.Sites.FirstOrDefault(each => each.Name == site.Name), bar);
        }

        if (load is not null)
        {
            AddLinks(lines, load.Links);
        }
        else if (!fleet.Links.IsEmpty)
        {
            lines.Add(string.Empty);
            lines.AddRange(fleet.Links.Select(static link => $"{link.A} ⇄ {link.B}  {link.Bandwidth} each way, {link.RoundTrip.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture)}ms round trip"));
        }

        lines.Add(string.Empty);
        if (load is not null)
        {
            lines.Add(Legend);
            return lines.ToImmutable();
        }

        lines.Add("█ all idle   ▓ schedulable accelerators at their peak   ▒ spares too   · left of the budget   ! over the budget");
        AddHardware(lines, fleet);
        return lines.ToImmutable();
    }

    /// <summary><c>1 site</c>, <c>2,223 racks</c>.</summary>
    public static string Count(long count, string what) => $"{Number(count)} {what}{(count == 1 ? string.Empty : "s")}";

    /// <summary>A whole number in groups of three digits.</summary>
    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Sums(FleetTotals totals) => $"{Count(totals.Racks, "rack")}, {Count(totals.Accelerators, "accelerator")}, {Number(totals.Schedulable)} schedulable";

    private static void AddPower(ImmutableArray<string>.Builder lines, FleetTotals totals, Power? budget, FleetUse? use, int bar)
    {
        if (use is null)
        {
            lines.Add($"power [{Bar(totals, budget?.Watts ?? totals.PeakWatts, bar)}] {Load(totals, budget)}");
        }
        else if (use.IdleWatts > 0)
        {
            lines.Add($"power [{Drawn(use, budget?.Watts ?? totals.PeakWatts, bar)}] {Now(use, budget?.Watts)}");
        }
    }

    private static void AddSite(ImmutableArray<string>.Builder lines, FleetSite site, SiteUse? use, int bar)
    {
        var totals = FleetTotals.Of(site.Racks);
        var position = site.Latitude is { } latitude && site.Longitude is { } longitude ? string.Create(CultureInfo.InvariantCulture, $" at {latitude:0.##}, {longitude:0.##}") : string.Empty;
        var placement = use is { Placement: null } ? ", in no fleet file" : site.Placement == SitePlacement.Site ? ", places its own gangs" : string.Empty;
        lines.Add($"{site.Name}{position}{placement}{(use is { Connected: false } ? ", not connected" : string.Empty)}: {(use is { Placement: null } ? Count(use.Use.Accelerators, "slot") : Sums(totals))}");
        AddPower(lines, totals, site.Power, use?.Use, bar);
        AddUse(lines, use?.Use, use?.Queues ?? [], bar);
        AddKinds(lines, use, bar);
        if (use is { Rows.IsEmpty: false })
        {
            AddRows(lines, site, use, bar);
        }
        else if (use is null)
        {
            var rows = site.Floors.SelectMany(floor => RowGroup.Of(floor).Select(group => Row(floor, group, bar)));
            lines.AddRange(Table.Lines(["floor", "rows", " schedulable", "racks of a row", "power of a row", string.Empty], rows, indent: 2));
        }
    }

    private static ImmutableArray<string> Row(FleetFloor floor, RowGroup group, int bar)
    {
        var totals = FleetTotals.Of(group.First.Racks);
        return
        [
            floor.Name, group.Count == 1 ? group.First.Name : $"{group.First.Name}–{group.Last.Name}", $"{Number(totals.Schedulable)}", Racks(group.First),
            $"[{Bar(totals, group.First.Power?.Watts ?? totals.PeakWatts, bar / 2)}]", Load(totals, group.First.Power),
        ];
    }

    private static string Racks(FleetRow row) => string.Join(", ", row.Racks.GroupBy(static rack => (rack.Hardware.Name, rack.Nodes, rack.Spares))
        .Select(static alike => $"{Number(alike.Count())} × {alike.Key.Name}{(alike.Key.Spares > 0 ? $" ({alike.Key.Nodes - alike.Key.Spares} of {alike.Key.Nodes} nodes)" : string.Empty)}"));

    private static string Load(FleetTotals totals, Power? budget) =>
        $"{Short(totals.IdleWatts)} idle, {Short(totals.ScheduledWatts)} scheduled, {Short(totals.PeakWatts)} peak{(budget is { } power ? $" of {power}" : string.Empty)}";

    private static string Short(long watts) => watts switch
    {
        >= 1_000_000 => (watts / 1e6).ToString("0.#", CultureInfo.InvariantCulture) + "MW",
        >= 1_000 => (watts / 1e3).ToString("0.#", CultureInfo.InvariantCulture) + "kW",
        _ => $"{watts}W",
    };

    private static string Bar(FleetTotals totals, long budget, int cells)
    {
        var whole = Math.Max(budget, totals.PeakWatts);
        var drawn = new char[cells];
        for (var cell = 0; cell < cells; cell++)
        {
            // What the middle of the cell stands for.
            var watts = whole / cells * cell + (whole / cells / 2);
            drawn[cell] = watts >= budget ? '!' : watts < totals.IdleWatts ? '█' : watts < totals.ScheduledWatts ? '▓' : watts < totals.PeakWatts ? '▒' : '·';
        }

        return new string(drawn);
    }

    private static void AddHardware(ImmutableArray<string>.Builder lines, FleetSpecification fleet)
    {
        foreach (var type in HardwareCatalogue.All.Where(type => fleet.Racks.Any(rack => rack.Hardware == type)))
        {
            lines.Add(string.Empty);
            lines.Add($"{type.Name}: {type.Title}, {type.MemoryGigabytes} GB an accelerator, {type.Interconnect}, {Number(type.AcceleratorWatts)} W an accelerator over {Number(type.NodeIdleWatts)} W a node");
            lines.AddRange(type.Sources.Select(static source => $"  {source.Figures}: {source.Source ?? "assumed"}{(source.Reasoning.Length > 0 ? $" ({source.Reasoning})" : string.Empty)}"));
        }
    }
}

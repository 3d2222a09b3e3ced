using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Fleet;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Fleet;

/// <content>The fleet of a running factory, as it is used now.</content>
internal static partial class FleetText
{
    // Jobs and places that are named one by one, and alike rows that are drawn one by one.
    private const int JobsNamed = 8;
    private const int PlacesNamed = 8;
    private const int RowsNamed = 12;

    private const string Legend = "load: █ busy   · free   - drained or quarantined   x failed   ? away     power: █ all idle   ▓ what gangs add   · left of the budget";

    /// <summary>The fleet of a running factory as one that can be drawn: the file's sites, and those that it does not name with the slots that their agents declare.</summary>
    public static FleetSpecification Fleet(FleetSpecification? file, FleetLoadView load)
    {
        var known = file?.Sites ?? [];
        var cpu = HardwareCatalogue.Find(HardwareCatalogue.Cpu)!;
        return new FleetSpecification
        {
            Name = file?.Name ?? "factory", Power = file?.Power, Links = file?.Links ?? [],
            Sites =
            [
                .. known, .. load.Sites.Where(site => !known.Any(each => each.Name == site.Name)).Select(site => new FleetSite
                {
                    Name = site.Name, Placement = SitePlacement.Site, Floors = site.Use.Accelerators == 0 ? [] :
                    [
                        new FleetFloor("f1", [new FleetRow("r1", null, [new FleetRack { Name = "k1", Hardware = cpu, Power = new Power(cpu.PeakWatts(1, (int)site.Use.Accelerators)), Nodes = 1, Spares = 0, AcceleratorsPerNode = (int)site.Use.Accelerators }])]),
                    ],
                }),
            ],
        };
    }

    private static void AddUse(ImmutableArray<string>.Builder lines, FleetUse? use, ImmutableArray<QueueUse> queues, int bar)
    {
        if (use is null)
        {
            return;
        }

        lines.Add($"load  [{Bar(use, bar)}] {Now(use)}");
        foreach (var queue in queues)
        {
            lines.Add($"  {Number(queue.Accelerators)} of queue {queue.Queue}, {(queue.Jobs.Length == 1 ? "job" : "jobs")} {string.Join(", ", queue.Jobs.Take(JobsNamed))}{(queue.Jobs.Length > JobsNamed ? $" and {Number(queue.Jobs.Length - JobsNamed)} more" : string.Empty)}");
        }
    }

    /// <summary>Of a site that has several kinds of hardware each of them; and what of it is out of service.</summary>
    private static void AddKinds(ImmutableArray<string>.Builder lines, SiteUse? use, int bar)
    {
        if (use is { Kinds.Length: > 1 })
        {
            lines.AddRange(Table.Lines(["kind", " schedulable", "load", string.Empty], use.Kinds.Select(kind => ImmutableArray.Create(kind.Hardware, Number(kind.Use.Accelerators), $"[{Bar(kind.Use, bar / 2)}]", Now(kind.Use))), indent: 2));
        }

        if (use is { Out.IsEmpty: false })
        {
            var more = use.Out.Length > PlacesNamed ? $" and {Number(use.Out.Length - PlacesNamed)} more" : string.Empty;
            lines.Add($"  out of service: {string.Join(", ", use.Out.Take(PlacesNamed).Select(static place => $"{place.Target} {place.State.ToString().ToLowerInvariant()}"))}{more}");
        }
    }

    /// <summary>A site's rows: one by one, or together where many that the file has as one entry follow each other.</summary>
    private static void AddRows(ImmutableArray<string>.Builder lines, FleetSite site, SiteUse use, int bar)
    {
        var next = 0;
        var rows = new List<ImmutableArray<string>>();
        foreach (var floor in site.Floors)
        {
            foreach (var group in RowGroup.Of(floor))
            {
                var own = use.Rows.Skip(next).Take(group.Count).ToList();
                next += group.Count;
                if (own.Count is > 0 and <= RowsNamed)
                {
                    rows.AddRange(own.Select(row => Row(row, row.Row, Racks(group.First), bar)));
                }
                else if (own.Count > 0)
                {
                    var all = own[0] with { Use = own.Aggregate(FleetUse.None, static (sum, row) => sum.And(row.Use)), BudgetWatts = own[0].BudgetWatts * own.Count };
                    rows.Add(Row(all, $"{group.First.Name}–{group.Last.Name}", Racks(group.First), bar));
                }
            }
        }

        lines.AddRange(Table.Lines(["floor", "rows", "racks of a row", "load", string.Empty, "power", string.Empty], rows, indent: 2));
    }

    private static ImmutableArray<string> Row(RowUse row, string name, string racks, int bar) =>
        [row.Floor, name, racks, $"[{Bar(row.Use, bar / 2)}]", Now(row.Use), $"[{Drawn(row.Use, row.BudgetWatts ?? row.Use.DrawnWatts, bar / 2)}]", Now(row.Use, row.BudgetWatts)];

    private static void AddLinks(ImmutableArray<string>.Builder lines, ImmutableArray<RateView> links)
    {
        if (!links.IsEmpty)
        {
            lines.Add(string.Empty);
        }

        foreach (var link in links)
        {
            var now = link.BitsPerSecond == 0 ? "cut" : $"carries {new Bandwidth(link.BitsPerSecond)}{(link.BitsPerSecond < link.DeclaredBitsPerSecond ? $" of {new Bandwidth(link.DeclaredBitsPerSecond)}" : string.Empty)}";
            var jobs = link.Rates.Select(static rate => rate.Job).Distinct().Order().ToList();
            lines.Add($"{link.From} → {link.To}  {now}, {(link.ReservedBitsPerSecond == 0 ? "nothing" : new Bandwidth(link.ReservedBitsPerSecond).ToString())} reserved{(jobs.Count == 0 ? string.Empty : $" by {(jobs.Count == 1 ? "job" : "jobs")} {string.Join(", ", jobs.Take(JobsNamed))}{(jobs.Count > JobsNamed ? " and more" : string.Empty)}")}");
        }
    }

    private static string Now(FleetUse use)
    {
        List<string> parts = [$"{Number(use.Busy)} of {Number(use.Accelerators)} busy", $"{Number(use.Free)} free"];
        foreach (var (count, what) in new[] { (use.Drained, "drained"), (use.Failed, "failed"), (use.Away, "away") })
        {
            if (count > 0)
            {
                parts.Add($"{Number(count)} {what}");
            }
        }

        return string.Join(", ", parts);
    }

    private static string Now(FleetUse use, long? budget) => $"{Short(use.IdleWatts)} idle, {Short(use.DrawnWatts)} now{(budget is { } watts ? string.Create(CultureInfo.InvariantCulture, $" of {Short(watts)}") : string.Empty)}";

    /// <summary>What is not nothing has a cell at least, where there are enough.</summary>
    private static string Bar(FleetUse use, int cells)
    {
        var drawn = new char[cells];
        var shares = new[] { (use.Busy, '█'), (use.Free, '·'), (use.Drained, '-'), (use.Failed, 'x'), (use.Away, '?') };
        for (var cell = 0; cell < cells; cell++)
        {
            // What the middle of the cell stands for.
            var (at, until) = ((2.0 * cell + 1) * use.Accelerators / (2 * cells), 0L);
            drawn[cell] = use.Accelerators == 0 ? ' ' : shares.First(share => (until += share.Item1) > at || share.Item2 == '?').Item2;
        }

        foreach (var (count, mark) in shares.Where(share => share.Item1 > 0 && !drawn.Contains(share.Item2)))
        {
            drawn[mark == '█' ? 0 : Array.LastIndexOf(drawn, drawn.GroupBy(static each => each).MaxBy(static each => each.Count())!.Key)] = mark;
        }

        return new string(drawn);
    }

    private static string Drawn(FleetUse use, long budget, int cells)
    {
        var drawn = new char[cells];
        var whole = Math.Max(Math.Max(budget, use.DrawnWatts), 1);
        for (var cell = 0; cell < cells; cell++)
        {
            var watts = (2.0 * cell + 1) * whole / (2 * cells);
            drawn[cell] = watts < use.IdleWatts ? '█' : watts < use.DrawnWatts ? watts >= budget ? '!' : '▓' : '·';
        }

        return new string(drawn);
    }
}

using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Fleet;

/// <summary>Reads rows and their racks and unfolds counts. Not safe for concurrent use.</summary>
internal sealed class RowReader(JobProblems problems)
{
    private const int NodesMax = 512;
    private const int SlotsMax = 4096;
    private const string ExpectedRacks = "racks, such as {hardware: gb200-nvl72, count: 9}";

    private static readonly string[] _rowFields = ["name", "count", "power", "racks"];
    private static readonly string[] _rackFields = ["name", "count", "hardware", "power", "nodes", "spares", "slots"];

    /// <summary>Racks of all rows read so far, those beyond <see cref="FleetSpecification.RacksMax"/> counted and not made.</summary>
    public long Racks { get; private set; }

    /// <summary>Accelerators of all racks read so far.</summary>
    public long Accelerators { get; private set; }

    /// <summary>What racks draw when all is idle.</summary>
    public static long IdleOf(ImmutableArray<FleetRack> racks) => racks.Sum(static rack => rack.IdleWatts);

    /// <summary>Reads the field <c>rows</c>, or <c>racks</c> as one row.</summary>
    public ImmutableArray<FleetRow> Read(YamlFields place)
    {
        var rows = ImmutableArray.CreateBuilder<FleetRow>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (place.Find("rows") is null && place.Find("racks") is not null)
        {
            var racks = ReadRacks(place);
            Count(racks, 1);
            return [new FleetRow("r1", null, racks)];
        }

        foreach (var (map, path) in FleetValues.Maps(place, problems, "rows", "rows, such as {count: 10, racks: {hardware: gb200-nvl72, count: 9}}"))
        {
            var fields = new YamlFields(map, path, "A row", _rowFields, problems);
            var count = FleetValues.Whole(fields, "count", 1, FleetSpecification.RacksMax, 1) ?? 0;
            var power = FleetValues.Watts(fields);
            var racks = ReadRacks(fields);
            if (power is { } budget && IdleOf(racks) > budget.Watts)
            {
                FleetReader.ComplainOfIdle(fields, "The row", IdleOf(racks), budget);
            }

            if (!Count(racks, count))
            {
                continue;
            }

            // Rows of one entry differ in nothing but their names and share their racks.
            foreach (var name in Names(fields, count, "r", rows.Count, names, "rows", "on the floor"))
            {
                rows.Add(new FleetRow(name, power, racks));
            }
        }

        return rows.ToImmutable();
    }

    /// <summary>Counts what a row adds; false where it is more than a fleet may have, which is said once at the end.</summary>
    private bool Count(ImmutableArray<FleetRack> racks, int rows)
    {
        Racks += (long)racks.Length * rows;
        Accelerators += racks.Sum(static rack => (long)rack.Accelerators) * rows;
        return Racks <= FleetSpecification.RacksMax;
    }

    private ImmutableArray<FleetRack> ReadRacks(YamlFields row)
    {
        var racks = ImmutableArray.CreateBuilder<FleetRack>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (map, path) in FleetValues.Maps(row, problems, "racks", ExpectedRacks))
        {
            var fields = new YamlFields(map, path, "A rack", _rackFields, problems);
            var count = FleetValues.Whole(fields, "count", 1, FleetSpecification.RacksMax, 1) ?? 0;
            if (ReadRack(fields) is not { } rack)
            {
                continue;
            }

            if (racks.Count + count > FleetSpecification.RacksMax)
            {
                Racks += count;
                continue;
            }

            foreach (var name in Names(fields, count, "k", racks.Count, names, "racks", "in the row"))
            {
                racks.Add(rack with { Name = name });
            }
        }

        return racks.ToImmutable();
    }

    private static FleetRack? ReadRack(YamlFields fields)
    {
        fields.Require("hardware", $"one of {string.Join(", ", HardwareCatalogue.Names)}");
        if (fields.Text("hardware", "the name of a kind of rack") is not { } named)
        {
            return null;
        }

        if (HardwareCatalogue.Find(named) is not { } type)
        {
            fields.Complain("hardware", $"There is no hardware '{named}'. The catalogue has {string.Join(", ", HardwareCatalogue.Names)}.", NearMatch.Hint(named, HardwareCatalogue.Names));
            return null;
        }

        if (type.IsRackScale && fields.Find("nodes") is not null)
        {
            fields.Complain("nodes", $"A rack of {named} has {type.NodesPerRack} nodes, no more and no fewer.");
        }

        if (!type.IsCpu && fields.Find("slots") is not null)
        {
            fields.Complain("slots", $"Only nodes of {HardwareCatalogue.Cpu} have slots; a node of {named} has {type.AcceleratorsPerNode} accelerators.");
        }

        var nodes = FleetValues.Whole(fields, "nodes", 1, NodesMax, type.NodesPerRack);
        var slots = FleetValues.Whole(fields, "slots", 1, SlotsMax, type.AcceleratorsPerNode);
        var spares = FleetValues.Whole(fields, "spares", 0, NodesMax, Math.Min(type.SparesDefault, (nodes ?? NodesMax) - 1));
        var given = FleetValues.Watts(fields);
        if (nodes is not { } trays || slots is not { } perNode || spares is not { } spare)
        {
            return null;
        }

        if (spare >= trays)
        {
            fields.Complain("spares", $"All {trays} nodes are spares. Expected at least one that jobs can have.");
            return null;
        }

        var rack = new FleetRack
        {
            Name = string.Empty, Hardware = type, Nodes = trays, Spares = spare, AcceleratorsPerNode = perNode,
            Power = given ?? new Power(type.PeakWatts(trays, perNode)),
        };
        if (rack.IdleWatts > rack.Power.Watts)
        {
            FleetReader.ComplainOfIdle(fields, "The rack", rack.IdleWatts, rack.Power);
        }

        return rack;
    }

    /// <summary>The names of what one entry stands for: its own, with a number behind it where it stands for several; else a letter and a number that goes on from entry to entry.</summary>
    private List<string> Names(YamlFields fields, int count, string letter, int before, HashSet<string> taken, string what, string where)
    {
        List<string> names = [];
        var own = FleetValues.Name(fields, problems, null);
        if (own is null && fields.Find("name") is not null)
        {
            return names;
        }

        for (var index = 1; index <= count; index++)
        {
            var number = (own is null ? before + index : index).ToString(CultureInfo.InvariantCulture);
            var name = own is not null && count == 1 ? own : (own ?? letter) + number;
            if (!taken.Add(name))
            {
                fields.Complain("name", $"There are two {what} '{name}' {where}. Expected each name once.");
                return names;
            }

            names.Add(name);
        }

        return names;
    }
}

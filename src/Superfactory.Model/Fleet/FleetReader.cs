using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Fleet;

/// <summary>Makes a fleet of a file's nodes and collects what is wrong. Not safe for concurrent use.</summary>
internal sealed class FleetReader(JobProblems problems)
{
    private const string ExpectedSites = "a list of sites, each such as {name: wisconsin, racks: {hardware: gb200-nvl72, count: 9}}";
    private const string ExpectedLinks = "a list of links, each such as {between: [wisconsin, atlanta], bandwidth: 1tbit, rtt: 14ms}";

    private static readonly string[] _topFields = ["name", "power", "sites", "links"];
    private static readonly string[] _siteFields = ["name", "position", "placement", "power", "floors", "rows", "racks"];
    private static readonly string[] _levels = ["floors", "rows", "racks"];
    private static readonly string[] _linkFields = ["between", "bandwidth", "rtt"];

    private readonly RowReader _rows = new(problems);

    /// <summary>Reads the top of the file.</summary>
    /// <returns>The fleet; null, or not to be used, where there are problems.</returns>
    public FleetSpecification? Read(JobNode root)
    {
        if (root is not JobNode.Map map)
        {
            if (root is not JobNode.Refused)
            {
                problems.Add(root.Line, null, $"Expected the fields of a fleet, such as 'name: two-sites', but found {root.Describe()}.");
            }

            return null;
        }

        var fields = new YamlFields(map, string.Empty, "A fleet", _topFields, problems);
        fields.Require("name", "a name");
        var sites = ReadSites(fields);
        var power = FleetValues.Watts(fields);
        if (power is { } budget && sites.Sum(static site => IdleOf(site)) is var idle && idle > budget.Watts)
        {
            ComplainOfIdle(fields, "The fleet", idle, budget);
        }

        CheckSize(fields);
        return new FleetSpecification
        {
            Name = FleetValues.Name(fields, problems, null) ?? string.Empty, Power = power, Sites = sites,
            Links = ReadLinks(fields, [.. sites.Select(static site => site.Name)]),
        };
    }

    /// <summary>Complains that what stands there draws more than it may before it does anything.</summary>
    internal static void ComplainOfIdle(YamlFields fields, string what, long idle, Power budget) =>
        fields.Complain("power", $"{what} draws {new Power(Math.Min(idle, Power.MaxWatts))} when all is idle, over its budget of {budget}. Expected a budget that idle racks keep.");

    private static long IdleOf(FleetSite site) => site.Floors.Sum(static floor => floor.Rows.Sum(static row => RowReader.IdleOf(row.Racks)));

    private ImmutableArray<FleetSite> ReadSites(YamlFields fields)
    {
        var sites = ImmutableArray.CreateBuilder<FleetSite>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var maps = FleetValues.Maps(fields, problems, "sites", ExpectedSites);
        if (maps.Count > FleetSpecification.SitesMax)
        {
            fields.Complain("sites", $"Expected at most {FleetSpecification.SitesMax} sites, but found {maps.Count}.");
            return [];
        }

        foreach (var (map, path) in maps)
        {
            var site = new YamlFields(map, path, "A site", _siteFields, problems);
            site.Require("name", "a name");
            var name = FleetValues.Name(site, problems, null);
            if (name is not null && !names.Add(name))
            {
                site.Complain("name", $"There are two sites '{name}'. Expected each name once.");
            }

            sites.Add(ReadSite(site, name ?? string.Empty));
        }

        return sites.ToImmutable();
    }

    private FleetSite ReadSite(YamlFields fields, string name)
    {
        var position = FleetValues.Position(fields, problems);
        var site = new FleetSite
        {
            Name = name, Latitude = position?.Latitude, Longitude = position?.Longitude, Placement = ReadPlacement(fields),
            Power = FleetValues.Watts(fields), Floors = ReadFloors(fields),
        };
        if (site.Power is { } budget && IdleOf(site) is var idle && idle > budget.Watts)
        {
            ComplainOfIdle(fields, "The site", idle, budget);
        }

        return site;
    }

    private static SitePlacement ReadPlacement(YamlFields fields) =>
        fields.Value<SitePlacement>("placement", "fleet or site", static (string? text, out SitePlacement value, out Problem? problem) =>
        {
            value = text == "site" ? SitePlacement.Site : SitePlacement.Fleet;
            problem = text is "site" or "fleet" ? null : new Problem($"Expected fleet or site, but found '{text}'.", Hint: NearMatch.Hint(text ?? string.Empty, ["fleet", "site"]));
            return problem is null;
        }) ?? SitePlacement.Fleet;

    /// <summary>A site has floors, or only rows, or only racks: then they are on one floor, and the racks in one row.</summary>
    private ImmutableArray<FleetFloor> ReadFloors(YamlFields fields)
    {
        var given = _levels.Where(field => fields.Find(field) is not null).ToList();
        if (given.Count != 1)
        {
            fields.Complain(given.LastOrDefault() ?? "floors", $"Expected one of floors, rows and racks, but found {(given.Count == 0 ? "none" : string.Join(" and ", given))}.");
            return [];
        }

        if (given[0] != "floors")
        {
            return [new FleetFloor("f1", _rows.Read(fields))];
        }

        var floors = ImmutableArray.CreateBuilder<FleetFloor>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (map, path) in FleetValues.Maps(fields, problems, "floors", "a list of floors, each such as {rows: {count: 10, racks: {hardware: gb200-nvl72, count: 9}}}"))
        {
            var floor = new YamlFields(map, path, "A floor", ["name", "rows", "racks"], problems);
            var name = FleetValues.Name(floor, problems, $"f{(floors.Count + 1).ToString(CultureInfo.InvariantCulture)}");
            if (name is not null && !names.Add(name))
            {
                floor.Complain("name", $"There are two floors '{name}' in the site. Expected each name once.");
            }

            floors.Add(new FleetFloor(name ?? string.Empty, _rows.Read(floor)));
        }

        return floors.ToImmutable();
    }

    private void CheckSize(YamlFields fields)
    {
        if (_rows.Racks > FleetSpecification.RacksMax)
        {
            fields.Complain("sites", $"The fleet has {Number(_rows.Racks)} racks. Expected at most {Number(FleetSpecification.RacksMax)}.");
        }
        else if (_rows.Accelerators > FleetSpecification.AcceleratorsMax)
        {
            fields.Complain("sites", $"The fleet has {Number(_rows.Accelerators)} accelerators. Expected at most {Number(FleetSpecification.AcceleratorsMax)}.");
        }
    }

    private ImmutableArray<FleetLink> ReadLinks(YamlFields fields, ImmutableArray<string> sites)
    {
        if (fields.Find("links") is null)
        {
            return [];
        }

        var ends = new YamlLinkEnds(problems);
        var links = ImmutableArray.CreateBuilder<FleetLink>();
        foreach (var (map, path) in FleetValues.Maps(fields, problems, "links", ExpectedLinks))
        {
            var link = new YamlFields(map, path, "A link", _linkFields, problems);
            var between = ends.Read(link, sites);
            link.Require("bandwidth", "a bandwidth, such as 1tbit");
            link.Require("rtt", "a round-trip time, such as 14ms");
            var bandwidth = link.Value<Bandwidth>("bandwidth", "a bandwidth, such as 1tbit", Bandwidth.TryParse);
            var roundTrip = link.Value<TimeSpan>("rtt", "a round-trip time, such as 14ms", WanProfile.TryParseRoundTrip);
            if (between is var (a, b) && bandwidth is { } rate && roundTrip is { } time)
            {
                links.Add(new FleetLink(a, b, rate, time));
            }
        }

        return links.ToImmutable();
    }

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}

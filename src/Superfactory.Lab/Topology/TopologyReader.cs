using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Topology;

/// <summary>Makes a topology of a file's nodes and collects what is wrong. Not safe for concurrent use.</summary>
internal sealed class TopologyReader(JobProblems problems)
{
    private const int MtuMin = 576, MtuMax = 65_535;

    private const string ExpectedSites = "a list of site names, such as [wisconsin, atlanta]";
    private const string ExpectedBandwidth = "a bandwidth, such as 100mbit or 1gbit";
    private const string ExpectedRoundTrip = "a round-trip time, such as 14ms";

    private static readonly string[] _topFields = ["name", "sites", "links", "congestion_control", "seed"];
    private static readonly string[] _linkFields = ["between", "bandwidth", "rtt", "jitter", "loss", "queue", "mtu", "back"];
    private static readonly string[] _backFields = ["bandwidth", "jitter", "loss", "queue"];

    private readonly YamlLinkEnds _ends = new(problems);

    /// <summary>Reads the top of the file.</summary>
    /// <returns>The topology; to be used only where there are no problems.</returns>
    public LabTopology? Read(JobNode root, string? name)
    {
        if (root is not JobNode.Map map)
        {
            if (root is not JobNode.Refused)
            {
                problems.Add(root.Line, null, $"Expected the fields of a laboratory, such as 'sites: [wisconsin, atlanta]', but found {root.Describe()}.");
            }

            return null;
        }

        var fields = new YamlFields(map, string.Empty, "A laboratory", _topFields, problems);
        var ownName = fields.Text("name", "a name") ?? name;
        if (!FactoryName.IsValid(ownName))
        {
            fields.Complain("name", ownName is null ? "The field is missing. Expected a name." : $"'{ownName}' is no name. Expected {FactoryName.Expected}.");
        }

        var sites = ReadSites(fields);
        var links = ReadLinks(fields, sites);
        if (!problems.Any)
        {
            CheckReach(fields, sites, links);
        }

        return new LabTopology
        {
            Name = ownName ?? string.Empty, Sites = sites, Links = links,
            CongestionControl = ReadCongestionControl(fields),
            Seed = fields.Value<long>("seed", "a whole number", TryParseSeed) ?? 1,
        };
    }

    private ImmutableArray<string> ReadSites(YamlFields fields)
    {
        if (fields.Require("sites", ExpectedSites) is not { } node)
        {
            return [];
        }

        if (node is not JobNode.List list)
        {
            problems.AddExpected(node, "sites", ExpectedSites);
            return [];
        }

        if (list.Items.Length is 0 or > LabTopology.SitesMax)
        {
            problems.Add(list.Line, "sites", $"Expected 1 to {LabTopology.SitesMax} sites, but found {(list.Items.Length == 0 ? "an empty list" : list.Items.Length.ToString(CultureInfo.InvariantCulture))}.");
        }

        var sites = ImmutableArray.CreateBuilder<string>();
        for (var index = 0; index < list.Items.Length; index++)
        {
            if (list.Items[index] is not JobNode.Refused && JobScalars.TryName(list.Items[index], problems, Item("sites", index), out var site))
            {
                if (sites.Contains((string)site))
                {
                    problems.Add(list.Items[index].Line, Item("sites", index), $"The site '{site}' stands in the list twice. Expected each site once.");
                }

                sites.Add((string)site);
            }
        }

        return sites.ToImmutable();
    }

    private ImmutableArray<LabLink> ReadLinks(YamlFields fields, ImmutableArray<string> sites)
    {
        const string expected = "a list of links, each such as {between: [wisconsin, atlanta], bandwidth: 1gbit, rtt: 14ms}";
        var node = sites.Length < 2 ? fields.Find("links") : fields.Require("links", expected);
        if (node is not JobNode.List list)
        {
            if (node is not null)
            {
                problems.AddExpected(node, "links", expected);
            }

            return [];
        }

        var links = ImmutableArray.CreateBuilder<LabLink>();
        for (var index = 0; index < list.Items.Length; index++)
        {
            if (list.Items[index] is JobNode.Map map)
            {
                var link = new YamlFields(map, Item("links", index), "A link", _linkFields, problems);
                if (ReadLink(link, sites) is { } read)
                {
                    links.Add(read);
                }
            }
            else if (list.Items[index] is not JobNode.Refused)
            {
                problems.AddExpected(list.Items[index], Item("links", index), "the fields of a link, such as {between: [wisconsin, atlanta], bandwidth: 1gbit, rtt: 14ms}");
            }
        }

        return links.ToImmutable();
    }

    private LabLink? ReadLink(YamlFields fields, ImmutableArray<string> sites)
    {
        var ends = _ends.Read(fields, sites);
        _ = fields.Require("bandwidth", ExpectedBandwidth);
        _ = fields.Require("rtt", ExpectedRoundTrip);
        var there = ReadDirection(fields);
        var roundTrip = fields.Value<TimeSpan>("rtt", ExpectedRoundTrip, LabQuantities.TryParseTime);
        var mtu = fields.Value<long>("mtu", "a number of bytes, such as 1500 or 9000", TryParseMtu);
        var back = there;
        if (fields.Find("back") is JobNode.Map map)
        {
            back = ReadDirection(new YamlFields(map, fields.PathOf("back"), "'back'", _backFields, problems), there);
        }
        else if (fields.Find("back") is { } other)
        {
            problems.AddExpected(other, fields.PathOf("back"), "fields under it, such as {bandwidth: 20mbit}");
        }

        if (ends is not var (a, b) || roundTrip is null || there is null || back is null)
        {
            return null;
        }

        var link = new LabLink { A = a, B = b, RoundTrip = roundTrip.Value, Mtu = (int)(mtu ?? 1500), There = there, Back = back };
        if (LinkRules.Check(link) is { } problem)
        {
            problems.Add(fields.LineOf(fields.Find("jitter") is null ? "bandwidth" : "jitter"), fields.PathOf(string.Empty).TrimEnd('.'), problem);
        }

        return link;
    }

    private static LabDirection? ReadDirection(YamlFields fields, LabDirection? other = null)
    {
        var bandwidth = fields.Value<Bandwidth>("bandwidth", ExpectedBandwidth, Bandwidth.TryParse);
        var direction = new LabDirection
        {
            Bandwidth = bandwidth ?? other?.Bandwidth ?? default,
            Jitter = fields.Value<TimeSpan>("jitter", "a time, such as 2ms", LabQuantities.TryParseTime) ?? other?.Jitter ?? TimeSpan.Zero,
            Loss = fields.Value<double>("loss", "a share of packets, such as 0.1%", LabQuantities.TryParseShare) ?? other?.Loss ?? 0,
            QueueBytes = fields.Value<long>("queue", "a number of bytes, such as 256KiB", LabQuantities.TryParseBytes) ?? other?.QueueBytes,
        };
        return direction.Bandwidth.BitsPerSecond == 0 ? null : direction;
    }

    private static string? ReadCongestionControl(YamlFields fields)
    {
        var name = fields.Text("congestion_control", "the name of a TCP congestion control, such as bbr or cubic");
        if (name is not null && (name.Length > 15 || !name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-')))
        {
            fields.Complain("congestion_control", $"'{name}' is no congestion control. Expected one that this machine's kernel has, such as bbr or cubic.");
        }

        return name;
    }

    private static void CheckReach(YamlFields fields, ImmutableArray<string> sites, ImmutableArray<LabLink> links)
    {
        HashSet<string> reached = [sites[0]];
        for (var before = 0; before < reached.Count;)
        {
            before = reached.Count;
            foreach (var link in links.Where(link => reached.Contains(link.A) || reached.Contains(link.B)))
            {
                reached.Add(link.A);
                reached.Add(link.B);
            }
        }

        var left = sites.Where(site => !reached.Contains(site)).ToList();
        if (left.Count > 0)
        {
            fields.Complain("links", $"No link leads from '{sites[0]}' to {string.Join(" or ", left.Select(static site => $"'{site}'"))}. Expected a way between all sites.");
        }
    }

    private static bool TryParseMtu(string? text, out long mtu, out Problem? problem)
    {
        var valid = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out mtu) && mtu is >= MtuMin and <= MtuMax;
        problem = valid ? null : new Problem($"'{text}' is no size of packets. Expected {MtuMin} to {MtuMax} bytes, without a unit, such as 1500 or 9000.");
        return valid;
    }

    private static bool TryParseSeed(string? text, out long seed, out Problem? problem)
    {
        var valid = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seed);
        problem = valid ? null : new Problem($"'{text}' is no seed. Expected a whole number.");
        return valid;
    }

    private static string Item(string path, int index) => $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]";
}

using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Planning;

/// <summary>What an agent has to say of itself to be let in. All problems are found at once.</summary>
internal static class HelloRules
{
    private const int TextLengthMax = 256;

    public static ImmutableArray<Problem> Check(FactoryState state, string site, AgentHello hello)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        if (!IsName(site))
        {
            problems.Add(new Problem(
                $"'{site}' is no name of a site: expected 1 to {FactoryLimits.SiteNameLengthMax} letters, digits, '-' and '_'.", Field: "site"));
        }
        else if (!state.Sites.ContainsKey(site) && state.Sites.Count >= FactoryLimits.SitesMax)
        {
            problems.Add(new Problem($"The control plane knows {FactoryLimits.SitesMax} sites, and takes no more.", Field: "site"));
        }

        CheckText(problems, "session", hello.Session);
        CheckText(problems, "host", hello.Host);
        CheckText(problems, "version", hello.Version);
        CheckText(problems, "gateway", hello.Gateway);
        if (hello.Gateway is { Length: > 0 } gateway && !IsEndpoint(gateway))
        {
            problems.Add(new Problem($"'{gateway}' is no endpoint: expected host:port.", Field: "gateway"));
        }

        if (hello.Slots is < 0 or > FactoryLimits.SlotsMax)
        {
            problems.Add(new Problem($"{hello.Slots} slots are out of range: expected 0 to {FactoryLimits.SlotsMax}.", Field: "slots"));
        }

        if (hello.GangLeaseSeconds is < 0 or > FactoryLimits.GangLeaseSecondsMax)
        {
            problems.Add(new Problem($"A lease of {hello.GangLeaseSeconds} s is out of range: expected 0 to {FactoryLimits.GangLeaseSecondsMax}.", Field: "gang_lease_seconds"));
        }

        return problems.DrainToImmutable();
    }

    private static void CheckText(ImmutableArray<Problem>.Builder problems, string field, string? text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > TextLengthMax)
        {
            problems.Add(new Problem($"The {field} is missing or longer than {TextLengthMax} characters.", Field: field));
        }
    }

    private static bool IsName(string name)
        => name.Length is > 0 and <= FactoryLimits.SiteNameLengthMax && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static bool IsEndpoint(string endpoint)
    {
        var colon = endpoint.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(endpoint.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out var port) && port > 0;
    }
}

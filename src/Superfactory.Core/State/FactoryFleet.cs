using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Superfactory.Model.Fleet;

namespace Superfactory.Core;

/// <summary>The fleet file that was applied: what the sites in it are and may draw. Immutable.</summary>
public sealed record FactoryFleet
{
    private readonly FleetSpecification _specification;
    private readonly Lazy<FrozenDictionary<string, RackPlace>> _racks;

    /// <summary>Keeps a file that was found valid when it was applied.</summary>
    /// <exception cref="InvalidOperationException">It is not valid.</exception>
    [JsonConstructor]
    public FactoryFleet(string text, string? file)
    {
        var parsed = FleetFile.Parse(text, file);
        _specification = parsed.Succeeded ? parsed.Value : throw new InvalidOperationException($"The fleet file that was applied is not valid: {parsed.Problems[0]}");
        (Text, File) = (text, file);
        Placed = [.. _specification.Sites.Where(static site => site.Placement == SitePlacement.Fleet).Select(static site => site.Name)];
        _racks = new Lazy<FrozenDictionary<string, RackPlace>>(() => Places().ToFrozenDictionary(static rack => rack.Path, static rack => rack.Place, StringComparer.Ordinal));
        Sites = _specification.Sites.ToImmutableSortedDictionary(static site => site.Name, static site => site, StringComparer.Ordinal);
    }

    /// <summary>The text of the file.</summary>
    public string Text { get; }

    /// <summary>The file as the user named it; null where it has no name.</summary>
    public string? File { get; }

    /// <summary>What it says.</summary>
    [JsonIgnore]
    public FleetSpecification Specification => _specification;

    /// <summary>Its sites by name.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, FleetSite> Sites { get; }

    /// <summary>The sites whose gangs the fleet places on racks.</summary>
    internal ImmutableHashSet<string> Placed { get; }

    /// <summary>All racks by their paths.</summary>
    internal FrozenDictionary<string, RackPlace> Racks => _racks.Value;

    private IEnumerable<(string Path, RackPlace Place)> Places() =>
        from site in _specification.Sites
        from floor in site.Floors
        from row in floor.Rows
        from rack in row.Racks
        select ($"{site.Name}/{floor.Name}/{row.Name}/{rack.Name}", new RackPlace(rack, row));
}

/// <summary>A rack and its row. Immutable.</summary>
internal sealed record RackPlace(FleetRack Rack, FleetRow Row);

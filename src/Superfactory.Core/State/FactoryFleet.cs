using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Superfactory.Model.Fleet;

namespace Superfactory.Core;

/// <summary>The fleet file that was applied: what the sites in it are and may draw. Immutable.</summary>
public sealed record FactoryFleet
{
    private readonly FleetSpecification _specification;

    /// <summary>Keeps a file that was found valid when it was applied.</summary>
    /// <exception cref="InvalidOperationException">It is not valid.</exception>
    [JsonConstructor]
    public FactoryFleet(string text, string? file)
    {
        var parsed = FleetFile.Parse(text, file);
        _specification = parsed.Succeeded ? parsed.Value : throw new InvalidOperationException($"The fleet file that was applied is not valid: {parsed.Problems[0]}");
        (Text, File) = (text, file);
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
}

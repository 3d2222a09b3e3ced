namespace Superfactory.Wan;

/// <summary>Names one end of a conversation across sites: a bridge, as a rule.</summary>
/// <param name="Site">The site whose gateway it is registered at; 1 to 64 bytes of UTF-8.</param>
/// <param name="Name">Its name at that site, such as <c>run/7/lane/0</c>; 1 to 190 bytes of UTF-8.</param>
public readonly record struct EndpointAddress(string Site, string Name)
{
    /// <summary>The address for people: <c>atlanta:run/7/lane/0</c>.</summary>
    public override string ToString() => $"{Site}:{Name}";
}

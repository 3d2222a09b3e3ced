namespace Superfactory.Model.Fleet;

/// <summary>What all slices of a gang must share. A site that places its own gangs promises nothing narrower than itself.</summary>
public enum Within
{
    /// <summary>The site.</summary>
    Site,

    /// <summary>A floor.</summary>
    Floor,

    /// <summary>A row.</summary>
    Row,

    /// <summary>A rack.</summary>
    Rack,
}

using Superfactory.Model.Units;

namespace Superfactory.Site;

/// <summary>How a site agent is set up. Immutable.</summary>
public sealed record SiteOptions
{
    /// <summary>The slots that a site offers unless it says otherwise, whatever the number of its cores.</summary>
    public const int SlotsDefault = 8;

    /// <summary>The site's name, one of a kind in the fleet: letters, digits, <c>-</c> and <c>_</c>, 1 to 63 of them.</summary>
    public required string Name { get; init; }

    /// <summary>The control plane's address, such as <c>http://127.0.0.1:7400</c>.</summary>
    public required string ControlUrl { get; init; }

    /// <summary>The state directory; the agent keeps what is its own below <c>sites/NAME</c> in it. Made where it is missing.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Where this site's corpora lie, each in a directory of its name.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where the gateway listens for other sites', as <c>host:port</c>; port 0 takes a free one. Default <c>127.0.0.1:0</c>.</summary>
    public string GatewayListen { get; init; } = "127.0.0.1:0";

    /// <summary>Where other sites reach the gateway, as <c>host:port</c>; null says where it listens.</summary>
    public string? GatewayAdvertise { get; init; }

    /// <summary>The link that the gateway emulates towards every other site; null where links are real.</summary>
    public WanProfile? Wan { get; init; }

    /// <summary>The site's certificate; null takes <c>certificates/NAME.pem</c> in the state directory.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The private key of the certificate; null takes <c>certificates/NAME.key</c> in the state directory.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The certificate of the fleet's authority; null takes <c>certificates/authority.pem</c> in the state directory.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>Whether links to other sites go without encryption and certificates. Both ends of a link need the same. Default false.</summary>
    public bool InsecureWan { get; init; }

    /// <summary>Gangs that the site runs at the same time, 1 to 64. Default <see cref="SlotsDefault"/>.</summary>
    public int Slots { get; init; } = SlotsDefault;

    /// <summary>Cores that the site's gangs share, from 1; null takes all of this machine's.</summary>
    public int? Cores { get; init; }

    /// <summary>The Python that trainers run with; null takes <c>SUPERFACTORY_PYTHON</c>, or else the first that has torch.</summary>
    public string? Python { get; init; }

    /// <summary>The project's <c>python</c> directory; null takes <c>python</c> in <c>SUPERFACTORY_HOME</c>, or else looks for it above this program's own directory.</summary>
    public string? PythonDirectory { get; init; }

    /// <summary>
    /// How long gangs and gateway go on when the agent dies, so that the next agent of this directory takes them over; then they end themselves. 0 to a
    /// day, default 60 seconds; 0 ends them with the agent.
    /// </summary>
    public TimeSpan OrphanGrace { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long gangs go on when the control plane has not taken a report of the agent's, 10 seconds to a day; then they end themselves, and the control plane, a minute later, frees what
    /// they held. 0, the default, lets them go on for ever.
    /// </summary>
    public TimeSpan GangLease { get; init; }

    /// <summary>How long the first attempt to reach the control plane is repeated. Default 30 seconds. Later outages are waited out for ever.</summary>
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(30);
}

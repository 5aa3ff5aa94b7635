"""Common surnames of the United States, to recognise a suffix that is glued to one ("hayesii", "leesr", "foxiv").

Written down from the ranks of the decennial census (public domain). Only used where the ending alone does not tell a suffix
from a real surname ("torii", "nasr", "kostiv"); a surname missing here is left whole, which is the harmless side.
"""

from typing import Final

COMMON_SURNAMES: Final = frozenset(
    """
    abbott acevedo acosta adams adkins aguilar aguirre alexander ali allen allison alvarado alvarez andersen anderson andrade andrews
    anthony archer arellano arias armstrong arnold arroyo ashley atkins atkinson austin avery avila ayala ayers bailey baird baker baldwin
    ball ballard banks barajas barber barker barnes barnett barr barrera barrett barron barry bartlett barton bass bates bauer bautista
    baxter beard beasley beck becker bell beltran bender benitez benjamin bennett benson bentley benton berg berger bernard berry best
    bird bishop black blackburn blackwell blair blake blanchard blankenship blevins bolton bond bonilla booker boone booth bowen bowers
    bowman boyd boyer boyle bradford bradley bradshaw brady branch brandt bravo brennan brewer bridges briggs bright brock brooks brown
    browning bruce bryan bryant buchanan buck buckley bullock burch burgess burke burnett burns burton bush butler byrd cabrera cain
    calderon caldwell calhoun callahan camacho cameron campbell campos cannon cantrell cantu cardenas carey carlson carney carpenter carr
    carrillo carroll carson carter case casey castaneda castillo castro cervantes chambers chan chandler chaney chang chapman charles chase
    chavez chen cherry choi christensen christian chung church cisneros clark clarke clay clayton clements cline cobb cochran coffey cohen
    cole coleman collier collins colon combs compton conley conner connolly conrad conway cook cooper cordova corona correa cortes cortez
    costa cowan cox craig crane crawford crosby cross cruz cuevas cummings cunningham curry curtis dalton daniel daniels davenport david
    davidson davies davila davis dawson day dean decker delacruz deleon delgado dennis diaz dickerson dickson dillon dixon dodson
    dominguez donaldson donovan dorsey dougherty douglas downs doyle drake dudley duffy duke duncan dunlap dunn duran durham dyer eaton
    edwards elliott ellis ellison emerson english erickson escobar esparza espinosa espinoza esquivel estes estrada evans everett ewing
    farley farmer farrell faulkner ferguson fernandez ferrell fields figueroa finley fischer fisher fitzgerald fitzpatrick fleming fletcher
    flores flowers floyd flynn foley forbes ford foster fowler fox francis franco frank franklin frazier frederick freeman french frey
    friedman fritz frost fry frye fuentes fuller galindo gallagher gallegos galloway galvan gamble garcia gardner garner garrett garrison
    garza gates gay gentry george gibbs gibson gilbert giles gill gillespie gilmore glass glenn glover golden gomez gonzales gonzalez good
    goodman goodwin gordon gould graham grant graves gray green greene greer gregory griffin griffith grimes gross guerra guerrero
    gutierrez guzman haas hahn hale haley hall hamilton hammond hampton hancock hanna hansen hanson hardin harding hardy harmon harper
    harrell harrington harris harrison hart hartman harvey hatfield hawkins hayden hayes haynes hays heath hebert henderson hendricks
    hendrix henry hensley henson herman hernandez herrera herring hess hester hickman hicks higgins hill hines hinton ho hobbs hodge hodges
    hoffman hogan holden holder holland holloway holmes holt hood hoover hopkins horn horne horton house houston howard howe howell huang
    hubbard huber hudson huerta huff huffman hughes hull humphrey hunt hunter hurley hurst hutchinson huynh ibarra ingram irwin jackson
    jacobs jacobson james jarvis jefferson jenkins jennings jensen jimenez johns johnson johnston jones jordan joseph joyce juarez kaiser
    kane kaufman keith keller kelley kelly kemp kennedy kent kerr key khan kidd kim king kirby kirk klein kline knapp knight knox koch
    kramer krause krueger lam lamb lambert landry lane lang lara larsen larson lawrence lawson le leach leblanc lee leon leonard lester
    levine levy lewis li lin lindsey little liu livingston lloyd logan long lopez love lowe lowery lozano lucas lucero luna lutz lynch lynn
    lyons macdonald macias mack madden maddox mahoney maldonado malone mann manning marks marquez marsh marshall martin martinez mason
    massey mata mathews mathis matthews maxwell may mayer maynard mayo mays mcbride mccall mccann mccarthy mccarty mcclain mcclure
    mcconnell mccormick mccoy mccullough mcdaniel mcdonald mcdowell mcfarland mcgee mcgrath mcguire mcintosh mcintyre mckay mckee mckenzie
    mckinney mcknight mclaughlin mclean mcmahon mcmillan mcneil mcpherson meadows medina mejia melendez melton mendez mendoza mercado
    mercer merritt meyer meyers meza michael middleton miles miller mills miranda mitchell molina monroe montes montgomery montoya moody
    moon mooney moore mora morales moran moreno morgan morris morrison morrow morse morton moses mosley moss moyer mueller mullen mullins
    munoz murillo murphy murray myers nash navarro neal nelson newman newton nguyen nichols nicholson nielsen nixon noble nolan norman
    norris norton novak nunez obrien ochoa oconnell oconnor odom odonnell oliver olsen olson oneal oneill orozco orr ortega ortiz osborn
    osborne owen owens pace pacheco padilla page palmer park parker parks parrish parsons patel patrick patterson patton paul payne
    pearson peck pena pennington perez perkins perry peters petersen peterson petty pham phelps phillips phan pierce pineda pittman pitts
    pollard ponce poole pope porter portillo potter potts powell powers pratt preston price prince proctor pruitt pugh quinn quintana
    quintero ramirez ramos ramsey randall randolph rangel rasmussen ray raymond reed reese reeves reid reilly reyes reynolds rhodes rice rich
    richard richards richardson richmond riddle riggs riley rios ritter rivas rivera rivers roach robbins roberson roberts robertson
    robinson robles rocha rodgers rodriguez rogers rojas rollins romero rosales rosario rose ross roth rowe rowland roy rubio ruiz rush
    russell russo ryan salas salazar salinas sampson sanchez sanders sandoval sanford santana santiago santos saunders savage sawyer
    schaefer schmidt schmitt schneider schroeder schultz schwartz scott sellers serrano sexton shaffer shah shannon sharp shaw shea shelton
    shepard shepherd sheppard sherman shields short silva simmons simon simpson sims singh singleton skinner sloan small smith snow snyder
    solis solomon sosa soto sparks spears spence spencer stafford stanley stanton stark steele stein stephens stephenson stevens stevenson
    stewart stokes stone stout strickland strong stuart suarez sullivan summers sutton swanson sweeney tanner tapia tate taylor terrell
    terry thomas thompson thornton todd torres townsend tran travis trevino trujillo tucker turner tyler underwood valdez valencia valentine
    valenzuela vance vang vargas vasquez vaughan vaughn vazquez vega velasquez velazquez velez villa villanueva villarreal villegas vincent
    vo wade wagner walker wall wallace waller walls walsh walter walters walton wang ward ware warner warren washington waters watkins
    watson watts weaver webb weber webster weeks weiss welch wells werner west wheeler whitaker white whitehead whitney wiggins wilcox wiley
    wilkerson wilkins wilkinson williams williamson willis wilson winters wise wolf wolfe wong wood woodard woods woodward wooten wright wu
    wyatt yang yates york young yu zamora zavala zhang zimmerman zuniga
    """.split()
)

REAL_NAMES_WITH_A_SUFFIX_LIKE_ENDING: Final = ("romaniv", "daniv", "davidiv", "paulii", "pauliv", "leonardii", "nasr", "elnasr", "abunasr", "kimii", "leiv")
"""Surnames that would fall to the list above."""
